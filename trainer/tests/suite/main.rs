//! The trainer's tests: one binary, since linking Burn takes longer than running them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod causality;
mod common;
mod mamba2;
mod passes;
mod refusals;
mod runs;
