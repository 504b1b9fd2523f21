//! The trainer's tests: one binary, since linking Burn takes longer than running them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod attention;
mod blocks;
mod common;
mod gru;
mod layers;
mod commands;
mod common;
mod held_out;
mod imports;
mod logs;
mod moe;
mod passes;
mod refusals;
mod runs;
