//! What a caller chooses, and what it is told at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{CheckKind, Contests, Costs, Profile};
use crate::Limits;
use crate::plugin::Helpers;

/// Counts the bytes that predictors have coded, while they do: for a progress bar. A clone is
/// the same counter. At the end it is about the size of the content; an adapter's streams may be
/// shorter or longer, and those that do not shrink are coded twice.
#[derive(Debug, Clone, Default)]
pub struct Progress(pub(super) Arc<AtomicU64>);

impl Progress {
    /// Bytes coded so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How to compress.
#[derive(Debug, Clone)]
pub struct EncodeOptions {
    /// Plugins, their settings, block size and memory.
    pub profile: Profile,
    /// Blocks in work at one time at most; 0 stands for the machine's number of threads.
    pub threads: usize,
    /// `None`: CRC-32 for less than 1 MiB of content of known size, else BLAKE3-128.
    pub check: Option<CheckKind>,
    /// Where threads that have nothing to do are lent, if several files share theirs; else those of this one are lent.
    pub helpers: Option<Helpers>,
    /// Bytes of the content, if known: it must then have exactly so many.
    pub content_size: Option<u64>,
    /// Bytes of memory in place of the profile's.
    pub memory: Option<u64>,
    /// Whether the models that frames refer to are written into the file.
    pub embed_models: bool,
    /// Where to count.
    pub progress: Option<Progress>,
    /// Where to note how adapters are chosen.
    pub contests: Option<Contests>,
}

impl EncodeOptions {
    /// One thread, and everything else as the profile has it.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            threads: 1,
            helpers: None,
            check: None,
            content_size: None,
            memory: None,
            embed_models: false,
            progress: None,
            contests: None,
        }
    }

    /// The memory that the member declares, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.memory.unwrap_or(self.profile.memory)
    }

    /// The check for content of that size, where it is known.
    pub(super) fn check_for(&self, content_size: Option<u64>) -> CheckKind {
        const SMALL: u64 = 1 << 20;
        self.check.unwrap_or(match content_size {
            Some(size) if size < SMALL => CheckKind::Crc32,
            _ => CheckKind::Blake3_128,
        })
    }
}

/// How to decompress.
#[derive(Debug, Clone)]
pub struct DecodeOptions {
    /// Frames in work at one time at most; 0 stands for the machine's number of threads.
    pub threads: usize,
    /// As in [`EncodeOptions`].
    pub helpers: Option<Helpers>,
    /// Bytes of memory that frames in work may take together, and a single one at most.
    /// `None`: as the file declares for all, and [`Limits::DEFAULT_MEMORY`] for a single one.
    pub memory: Option<u64>,
    /// Most bytes of output.
    pub output_limit: u64,
    /// Where to count.
    pub progress: Option<Progress>,
    /// Where to note what each byte cost.
    pub costs: Option<Costs>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            helpers: None,
            memory: None,
            output_limit: u64::MAX,
            progress: None,
            costs: None,
        }
    }
}

impl DecodeOptions {
    /// What one frame may take.
    pub(super) fn frame_limits(&self) -> Limits {
        Limits {
            memory: self.memory.unwrap_or(Limits::DEFAULT_MEMORY),
            output: self.output_limit,
        }
    }
}

/// The number of threads meant.
pub(super) fn threads(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        asked => asked,
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Bytes read: of content by an encoder, of the file by a decoder.
    pub input: u64,
    /// Bytes written: of the file by an encoder, of content by a decoder.
    pub output: u64,
    /// Frames, a SOLO section counted as one.
    pub frames: u64,
    /// Members.
    pub members: u64,
    /// Bytes of memory that the file declares, the most of all members.
    pub memory: u64,
}
