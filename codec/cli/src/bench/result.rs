//! What was measured.

use std::collections::BTreeMap;

use super::peers::Tool;

/// A whole run.
pub(super) struct Bench {
    /// Threads that this program was given; each peer has one.
    pub(super) threads: usize,
    /// Compressors, in the order in which they were measured.
    pub(super) tools: Vec<String>,
    pub(super) files: Vec<FileResult>,
}

/// All compressors on one file.
pub(super) struct FileResult {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) results: Vec<(String, State)>,
}

/// How it went.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// The compressor is not installed.
    Missing,
    /// It does not take this kind of file.
    NotApplicable,
    /// It failed, or did not give the file back.
    Failed { why: String },
    /// The file came back.
    Done(Figures),
}

/// Sizes in bytes, times in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) packed: u64,
    pub(super) compress_seconds: f64,
    pub(super) decompress_seconds: f64,
    pub(super) compress_memory: u64,
    pub(super) decompress_memory: u64,
}

impl Figures {
    /// The shorter times and the smaller peaks of two measurements.
    pub(super) fn best_of(self, other: Self) -> Self {
        Self {
            packed: other.packed,
            compress_seconds: self.compress_seconds.min(other.compress_seconds),
            decompress_seconds: self.decompress_seconds.min(other.decompress_seconds),
            compress_memory: self.compress_memory.min(other.compress_memory),
            decompress_memory: self.decompress_memory.min(other.decompress_memory),
        }
    }

    fn add(&mut self, other: &Self) {
        self.packed += other.packed;
        self.compress_seconds += other.compress_seconds;
        self.decompress_seconds += other.decompress_seconds;
        self.compress_memory = self.compress_memory.max(other.compress_memory);
        self.decompress_memory = self.decompress_memory.max(other.decompress_memory);
    }
}

/// A compressor over all files: sums, and the highest peak.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    pub(super) tool: String,
    /// Files it did.
    pub(super) files: usize,
    /// Their bytes.
    pub(super) bytes: u64,
    pub(super) figures: Figures,
}

impl Bench {
    /// Nothing measured yet.
    pub(super) fn new(threads: usize, tools: &[Tool]) -> Self {
        Self {
            threads,
            tools: tools.iter().map(|t| t.name.clone()).collect(),
            files: Vec::new(),
        }
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.bytes).sum()
    }

    /// Every compressor that did at least one file, in the order of measuring.
    pub(super) fn totals(&self) -> Vec<Total> {
        let mut totals: BTreeMap<&str, Total> = BTreeMap::new();
        for file in &self.files {
            for (tool, state) in &file.results {
                if let State::Done(figures) = state {
                    let total = totals.entry(tool).or_default();
                    total.files += 1;
                    total.bytes += file.bytes;
                    total.figures.add(figures);
                }
            }
        }
        self.tools
            .iter()
            .filter_map(|tool| {
                let mut total = totals.remove(tool.as_str())?;
                total.tool.clone_from(tool);
                Some(total)
            })
            .collect()
    }

    /// Those that did all files, which alone can be compared.
    pub(super) fn comparable(&self) -> Vec<Total> {
        let mut totals = self.totals();
        totals.retain(|t| t.files == self.files.len());
        totals
    }
}
