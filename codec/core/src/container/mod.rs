//! The `.umc` container (`spec/umc.md`): one wire noun per file, each read and written side
//! by side.
//!
//! ```text
//! file    = member, member, ...
//! member  = magic, version, section, section, ...
//! section = id, length, body, CRC-32
//! ```
//!
//! Nothing here knows what a plugin does: a frame is a head that names plugins, and payloads.

mod check;
mod end;
mod fields;
mod frame;
mod header;
mod index;
mod magic;
mod member;
pub(crate) mod model;
mod note;
mod parts;
mod plugin_ref;
mod section;
mod solo;
mod source;
mod wire;

pub use check::CheckKind;
pub(crate) use check::ContentCheck;
pub use end::End;
pub(crate) use fields::Fields;
pub use frame::{FrameHead, Lanes, MAX_STREAMS, StreamHead};
pub use header::{Header, NeededPlugin};
pub(crate) use index::IndexEntry;
pub(crate) use index::MAX_ENTRY;
pub use magic::{MAGIC, VERSION};
pub(crate) use magic::{Magic, read_magic, write_opening};
pub(crate) use member::{
    Event, FrameSection, MemberReader, MemberStart, affordable, misplaced_model, read_preamble,
    read_solo,
};
pub use note::PluginNote;
pub use parts::{MAX_PARTS, MAX_SEGMENTS, Part, Segment};
pub use plugin_ref::PluginRef;
pub use section::SectionId;
pub(crate) use section::{SectionHead, write_section};
pub use solo::Solo;
pub(crate) use source::Source;

/// The most raw bytes a frame may have (spec umc §2.3).
pub const MAX_BLOCK: u64 = 1 << 32;

/// The most bytes a content or a member may have (spec umc §2.3). Below 2^62, so that the
/// last byte of an END section's body can be told from that of a SOLO section.
pub const MAX_SIZE: u64 = (1 << 62) - 1;

/// The most bytes by which a frame's body may exceed its raw length, and the most bytes that
/// a frame's head may have (spec umc §2.3).
pub const MAX_FRAME_HEAD: u64 = 1 << 20;

/// The hash of a model: BLAKE3, 32 bytes.
pub type ModelHash = [u8; 32];
