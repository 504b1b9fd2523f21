//! What a library made in Rust hands to its host.
