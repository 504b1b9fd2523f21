//! Training data: files of a folder, divided into streams, mixed by weight.

mod feeder;
mod source;

pub use feeder::{Feeder, FeederState, Stretch};
pub use source::{Source, members};
