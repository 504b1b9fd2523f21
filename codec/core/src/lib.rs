//! The umoec codec core.
//!
//! ```text
//! bytes ─► Adapter ─► streams (+ layout hints) ─► Predictor ─► probabilities ─► Coder ─► frame ─► container
//!       ◄──────────────────────────── the same way back ────────────────────────────
//! ```
//!
//! The core knows the container (`spec/umc.md`), the seams between plugins and the order
//! in which they run. It names no plugin: those come from a [`Registry`](plugin::Registry).
//!
//! * [`container`]: one wire noun per file, each read and written side by side.
//! * [`plugin`]: the traits an adapter, a predictor or a coder implements, and the registry.
//! * [`pipeline`]: compression and decompression of whole streams, in parallel by block.

pub mod container;
pub mod error;
pub mod limits;
pub mod packed;
pub mod pipeline;
pub mod plugin;
pub mod probability;

pub use error::{Error, Result};
pub use limits::Limits;
