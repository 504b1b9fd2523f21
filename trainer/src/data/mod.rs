//! Training data: files of a folder, divided into streams, mixed by weight.

mod feeder;
mod folder;
mod modality;
mod source;

pub use feeder::{Feeder, FeederState, Stretch};
pub use folder::fill_sources;
pub use modality::{Spent, modality};
pub use source::{Passage, Source, members};
