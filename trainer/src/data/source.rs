//! One file and the streams in it, visited in a new random order each time through.

use std::ops::Range;
use std::path::Path;

use crate::config::{SourceConfig, SourceKind};
use crate::error::TrainError;
use crate::random::Random;

/// A file in memory.
#[derive(Debug)]
pub struct Source {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Chance that a stream is drawn from it, relative to the other sources.
    pub chance: f64,
    kind: Division,
}

#[derive(Debug)]
enum Division {
    Pieces(usize),
    Members(Vec<Range<usize>>),
}

impl Source {
    /// Reads the file that `config` names below `folder`.
    pub fn load(folder: &Path, config: &SourceConfig) -> Result<Self, TrainError> {
        let path = folder.join(&config.path);
        let bytes = std::fs::read(&path).map_err(|source| TrainError::File { path, source })?;
        if bytes.is_empty() {
            return Err(TrainError::Data(format!("{} is empty", config.path)));
        }
        let (kind, mean) = match config.kind {
            SourceKind::Bytes => (
                Division::Pieces(config.piece),
                config.piece.min(bytes.len()) as f64,
            ),
            SourceKind::Tar => {
                let mut members = members(&bytes);
                for member in &mut members {
                    member.end = member.end.min(member.start + config.piece);
                }
                if members.is_empty() {
                    return Err(TrainError::Data(format!("{} holds no files", config.path)));
                }
                let total: usize = members.iter().map(ExactSizeIterator::len).sum();
                let mean = total as f64 / members.len() as f64;
                (Division::Members(members), mean)
            }
        };
        Ok(Self {
            bytes,
            chance: config.weight / mean,
            kind,
        })
    }

    /// The streams of one pass. Pieces begin at another offset each time.
    pub fn streams(&self, random: &mut Random) -> Vec<Range<usize>> {
        let streams: Vec<Range<usize>> = match &self.kind {
            Division::Members(members) => members.clone(),
            Division::Pieces(piece) => {
                let first = random.below(*piece).min(self.bytes.len() - 1);
                let cuts = (first..self.bytes.len()).step_by(*piece);
                let mut streams: Vec<_> = cuts
                    .map(|at| at..(at + piece).min(self.bytes.len()))
                    .collect();
                if first > 0 {
                    streams.push(0..first);
                }
                streams
            }
        };
        let order = random.permutation(streams.len());
        order.iter().map(|&i| streams[i as usize].clone()).collect()
    }
}

/// Ranges of the regular files of a tar archive that are not empty.
pub fn members(tar: &[u8]) -> Vec<Range<usize>> {
    let mut members = Vec::new();
    let mut at = 0;
    while let Some(header) = tar.get(at..at + 512) {
        let digits = header[124..136].iter().filter(|b| b.is_ascii_digit());
        let size = digits.fold(0usize, |n, b| {
            n.wrapping_mul(8).wrapping_add(usize::from(b - b'0'))
        });
        let body = at + 512;
        let regular = matches!(header[156], b'0' | 0) && header[0] != 0;
        if regular && size > 0 && body.checked_add(size).is_some_and(|end| end <= tar.len()) {
            members.push(body..body + size);
        }
        let Some(next) = size
            .checked_next_multiple_of(512)
            .and_then(|n| body.checked_add(n))
        else {
            break;
        };
        at = next;
    }
    members
}
