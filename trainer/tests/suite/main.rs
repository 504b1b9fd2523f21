//! The trainer's tests: one binary, since linking Burn takes longer than running them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;
mod passes;
mod patch;
mod refusals;
mod runs;
