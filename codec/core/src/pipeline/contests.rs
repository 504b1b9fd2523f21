//! Why an adapter was chosen: what each was judged to cost.

use std::sync::{Arc, Mutex, PoisonError};

/// Collects how adapters were chosen while blocks are compressed. A clone is the same record.
#[derive(Debug, Clone, Default)]
pub struct Contests(Arc<Mutex<Vec<Contest>>>);

/// How the adapter of a block, or of a part of one, was chosen. There is none where nothing but the plain adapter
/// came into question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contest {
    /// Where in the content the first byte is.
    pub offset: u64,
    /// How many bytes it is about.
    pub length: u64,
    /// The adapters that came into question, the plain one first, unless an adapter was sure of a part of its own.
    pub entries: Vec<Entry>,
    /// The number of the one that was chosen.
    pub chosen: usize,
}

/// An adapter that came into question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub adapter: String,
    /// What it saw in the bytes, in its own words.
    pub about: Option<String>,
    /// About how many bytes its streams take, by a sample of them.
    pub estimate: u64,
}

impl Contests {
    /// The contests so far, in the order of the content.
    #[must_use]
    pub fn take(&self) -> Vec<Contest> {
        let mut contests = std::mem::take(&mut *self.lock());
        contests.sort_by_key(|contest| contest.offset);
        contests
    }

    pub(super) fn add(&self, contest: Contest) {
        self.lock().push(contest);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Contest>> {
        // A record is changed in whole entries: a panic elsewhere leaves it sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
