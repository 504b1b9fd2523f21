//! Properties of the exact subset, a file for each.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;
mod steps;
