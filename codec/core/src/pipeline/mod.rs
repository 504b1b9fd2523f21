//! Whole streams: compression, decompression, random access and inspection.
//!
//! [`Encoder`] and [`Decoder`] work on streams, [`compress`] and [`decompress`] on memory,
//! [`Archive`] on parts of a file. All are deterministic: the bytes depend on the content and
//! the profile alone, never on the number of threads.

mod archive;
mod audition;
mod blocks;
mod budget;
mod coding;
mod contests;
mod costs;
mod decoder;
mod encoder;
mod frame_decode;
mod frame_encode;
mod inspect;
mod locate;
mod measure;
mod oneshot;
mod options;
mod pool;
mod profile;
mod regions;
mod report;
mod tournament;

pub use crate::container::CheckKind;
pub use archive::Archive;
pub use contests::{Contest, Contests, Entry};
pub use costs::{Costs, FrameCosts, StreamCosts, VariantCosts};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use inspect::inspect;
pub use oneshot::{compress, decompress};
pub use options::{DecodeOptions, EncodeOptions, Progress, Summary};
pub use profile::{PluginChoice, Profile};
pub use report::{
    CountReport, DecodedReport, EndReport, FrameReport, HeaderReport, Inspection, LanesReport,
    MemberReport, NeedReport, NoteReport, PartReport, PluginReport, SectionReport, SoloReport,
    StreamReport, VariantReport,
};
