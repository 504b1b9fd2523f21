//! Properties of the whole stack, a file for each.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod bad_input;
mod choices;
mod commands;
mod compatibility;
mod concurrency;
mod fuzz_smoke;
mod inspection;
mod networks;
mod random_access;
mod ratio;
mod registry;
mod round_trips;
mod second_decoder;
mod spec_sync;
mod third_party;
