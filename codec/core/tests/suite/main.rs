//! The core with plugins of its own: a test here cannot fail because of a real one.

// clippy's leave for tests covers only functions that are marked as such.
#![allow(clippy::unwrap_used)]

mod archive;
mod bytes;
mod contract;
mod costs;
mod damage;
mod header;
mod inspection;
mod io;
mod limits;
mod members;
mod models;
mod parts;
mod plugins;
mod rangecoder;
mod round_trip;
mod sections;
mod spec;
mod tournament;
