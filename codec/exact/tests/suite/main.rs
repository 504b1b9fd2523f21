//! Properties of the exact subset, a file for each.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod bad_graphs;
mod bad_models;
mod bounds;
mod common;
mod float;
mod fused;
mod fuzz;
mod hostile;
mod messages;
mod random;
mod spec;
mod steps;
mod wild;
