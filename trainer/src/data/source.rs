//! One file and the streams in it, visited in a new random order each time through.

use std::ops::Range;
use std::path::Path;

use crate::config::{PriorConfig, SourceConfig, SourceKind};
use crate::error::TrainError;
use crate::random::Random;

/// A file in memory.
#[derive(Debug)]
pub struct Source {
    /// Its path below the data folder.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// BLAKE3 of them, in hexadecimal digits.
    pub digest: String,
    /// What another predictor says of each bit of them, eight a byte; empty where there is none.
    pub prior: Vec<i16>,
    /// BLAKE3 of its file, if there is one.
    pub prior_digest: Option<String>,
    /// Chance that a stream is drawn from it, relative to the other sources.
    pub chance: f64,
    /// Streams that are never trained on, in random order.
    pub held: Vec<Range<usize>>,
    kind: Division,
}

/// Bytes, and what another predictor says of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Eight opinions for each of them, or none at all.
    pub prior: &'a [i16],
}

#[derive(Debug)]
enum Division {
    /// Pieces of a length, as far as they lie in the spans that are trained on.
    Pieces(usize, Vec<Range<usize>>),
    Members(Vec<Range<usize>>),
}

impl Source {
    /// Reads the file that `config` names below `folder`; `held` of its streams, a share, are
    /// kept from training, those that `random` chooses. With a `prior` its file is read, too.
    pub fn load(
        folder: &Path,
        config: &SourceConfig,
        prior: Option<&PriorConfig>,
        held: f64,
        random: &mut Random,
    ) -> Result<Self, TrainError> {
        let path = folder.join(&config.path);
        let bytes = std::fs::read(&path).map_err(TrainError::file(&path))?;
        let opinions = prior.map(|prior| prior.load(&path, bytes.len()));
        let mut source = Self::new(bytes, config, held, random)?;
        if let Some((prior, digest)) = opinions.transpose()? {
            (source.prior, source.prior_digest) = (prior, Some(digest));
        }
        Ok(source)
    }

    /// As [`Self::load`], of bytes in memory.
    pub fn new(
        bytes: Vec<u8>,
        config: &SourceConfig,
        held: f64,
        random: &mut Random,
    ) -> Result<Self, TrainError> {
        if bytes.is_empty() {
            return Err(TrainError::Data(format!("{} is empty", config.path)));
        }
        let piece = config.piece;
        let mut streams = match config.kind {
            SourceKind::Bytes => pieces(bytes.len(), piece),
            SourceKind::Tar => {
                let mut members = members(&bytes);
                for member in &mut members {
                    member.end = member.end.min(member.start + piece);
                }
                if members.is_empty() {
                    return Err(TrainError::Data(format!("{} holds no files", config.path)));
                }
                members
            }
        };
        let held = hold_out(&mut streams, held, random);
        let (kind, mean) = match config.kind {
            SourceKind::Tar => {
                let mean = mean(&streams);
                (Division::Members(streams), mean)
            }
            SourceKind::Bytes if held.is_empty() => {
                let mean = piece.min(bytes.len()) as f64;
                (Division::Pieces(piece, join(&streams)), mean)
            }
            SourceKind::Bytes => {
                let spans = join(&streams);
                let mean = mean(&cut(bytes.len(), piece, piece / 2, &spans));
                (Division::Pieces(piece, spans), mean)
            }
        };
        Ok(Self {
            path: config.path.clone(),
            digest: blake3::hash(&bytes).to_hex().to_string(),
            bytes,
            prior: Vec::new(),
            prior_digest: None,
            chance: config.weight / mean,
            held,
            kind,
        })
    }

    /// What is at `range`.
    pub fn passage(&self, range: Range<usize>) -> Passage<'_> {
        let prior = match self.prior.is_empty() {
            true => &[],
            false => &self.prior[8 * range.start..8 * range.end],
        };
        Passage {
            bytes: &self.bytes[range],
            prior,
        }
    }

    /// The streams as they lie in the file, from its first byte on.
    pub fn in_order(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Division::Members(members) => members.clone(),
            Division::Pieces(piece, spans) => cut(self.bytes.len(), *piece, 0, spans),
        }
    }

    /// The streams of one pass. Pieces begin at another offset each time.
    pub fn streams(&self, random: &mut Random) -> Vec<Range<usize>> {
        let streams = match &self.kind {
            Division::Members(members) => members.clone(),
            Division::Pieces(piece, spans) => {
                let first = random.below(*piece).min(self.bytes.len() - 1);
                cut(self.bytes.len(), *piece, first, spans)
            }
        };
        let order = random.permutation(streams.len());
        order.iter().map(|&i| streams[i as usize].clone()).collect()
    }
}

fn mean(streams: &[Range<usize>]) -> f64 {
    let total: usize = streams.iter().map(ExactSizeIterator::len).sum();
    total as f64 / streams.len() as f64
}

fn pieces(length: usize, piece: usize) -> Vec<Range<usize>> {
    let starts = (0..length).step_by(piece);
    starts.map(|at| at..(at + piece).min(length)).collect()
}

/// Takes `share` of `streams` away, at least one of two or more, and never all.
fn hold_out(streams: &mut Vec<Range<usize>>, share: f64, random: &mut Random) -> Vec<Range<usize>> {
    if share <= 0.0 || streams.len() < 2 {
        return Vec::new();
    }
    let count = (share * streams.len() as f64).round() as usize;
    let count = count.clamp(1, streams.len() - 1);
    let chosen = random.permutation(streams.len());
    let held = chosen[..count].iter().map(|&i| streams[i as usize].clone());
    let held: Vec<_> = held.collect();
    let mut rest = chosen[count..].to_vec();
    rest.sort_unstable();
    *streams = rest.iter().map(|&i| streams[i as usize].clone()).collect();
    held
}

/// Ranges that touch become one.
fn join(ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => joined.push(range.clone()),
        }
    }
    joined
}

/// Pieces from `first` on, then what lies before it, as far as they lie in `spans`.
fn cut(length: usize, piece: usize, first: usize, spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let cuts = (first.min(length)..length).step_by(piece);
    let mut cuts: Vec<_> = cuts.map(|at| at..(at + piece).min(length)).collect();
    if first > 0 {
        cuts.push(0..first.min(length));
    }
    let within = |cut: Range<usize>| {
        let parts = spans.iter().map(move |span| {
            let (start, end) = (cut.start.max(span.start), cut.end.min(span.end));
            start..end.max(start)
        });
        parts.filter(|part| !part.is_empty())
    };
    cuts.into_iter().flat_map(within).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_out_is_in_no_stream_and_all_else_is_in_one() {
        for length in [2usize, 99, 100, 101, 250, 1_000, 1_234] {
            let config = SourceConfig {
                piece: 100,
                ..SourceConfig::of("a".into())
            };
            let bytes = vec![7; length];
            let source = Source::new(bytes, &config, 0.3, &mut Random::new(1, 2)).unwrap();
            assert_eq!(source.held.is_empty(), length <= 100);
            for pass in 0..5 {
                let mut times = vec![0; length];
                let streams = source.streams(&mut Random::new(pass, 3));
                assert!(streams.iter().all(|s| (1..=100).contains(&s.len())));
                let all = streams.iter().chain(&source.held).cloned();
                all.flatten().for_each(|at| times[at] += 1);
                assert!(times.iter().all(|&n| n == 1), "{length} {pass}");
            }
        }
    }
}
