//! The trainer's tests: one binary, since linking Burn takes longer than running them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod adaln;
mod attention;
mod beside;
mod blocks;
mod burned;
mod causality;
mod commands;
mod common;
mod configs;
mod depths;
mod exits;
mod gru;
mod held_out;
mod imports;
mod layers;
mod logs;
mod mamba2;
mod memories;
mod moe;
mod parts;
mod passes;
mod patch;
mod refusals;
mod runs;
mod wrapped;
