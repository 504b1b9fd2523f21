//! Whole streams: compress and decompress.
