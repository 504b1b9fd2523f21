//! The trainer's tests: one binary, since linking Burn takes longer than running them.

mod common;
mod passes;
mod refusals;
mod runs;
