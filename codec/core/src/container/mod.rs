//! The `.umc` container (`spec/umc.md`).
