//! The trainer's tests: one binary, since linking Burn takes longer than running them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod adaln;
mod burned;
mod common;
mod depths;
mod passes;
mod refusals;
mod runs;
mod wrapped;
