//! What an input may ask for, checked before anything is allocated.

/// Bounds on what decoding may use. A header that asks for more is refused with
/// [`Error::Limit`](crate::Error::Limit) before memory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory in bytes for all frames that are in work at one time.
    pub memory: u64,
    /// Most bytes the whole output may have.
    pub output: u64,
}

impl Limits {
    /// Memory allowed unless asked otherwise: enough for every shipped profile on one thread.
    pub const DEFAULT_MEMORY: u64 = 2 << 30;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: Self::DEFAULT_MEMORY,
            output: u64::MAX,
        }
    }
}

/// Makes room for `more` bytes in a vector that will hold `most` at the end, if what was
/// claimed is true: doubles as `Vec` does, so that memory follows what has really arrived, but
/// never beyond `most`.
pub fn reserve_towards(vec: &mut Vec<u8>, more: usize, most: usize) {
    if vec.capacity() - vec.len() < more {
        let grown = (vec.len() + more).max((vec.len() * 2).min(most));
        vec.reserve_exact(grown - vec.len());
    }
}
