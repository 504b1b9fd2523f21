//! What a model makes of files, beside other compressors: bits per byte of each and of each
//! modality.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use umoec_exact::StepModel;

use crate::checkpoint::Trained;
use crate::compressors::Compressor;
use crate::data::{Passage, Spent, members};
use crate::error::TrainError;
use crate::evaluate::{bits, exact_bits, spread, together};
use crate::grid::without_rounding;

/// A column of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The exported graph in integers: what a file really takes.
    Exact,
    /// The training's own arithmetic, on the grids.
    Training,
    /// The same without rounding.
    Float,
    /// The training's arithmetic together with what the network was trained beside.
    Beside,
    /// The exported graph that ends at the exit after this block.
    Exit(usize),
    /// Another compressor.
    Other(Compressor),
}

impl Column {
    /// Its name in tables.
    pub fn name(self) -> String {
        let name = match self {
            Self::Exact => "exact",
            Self::Training => "training",
            Self::Float => "float",
            Self::Beside => "beside",
            Self::Other(compressor) => compressor.name,
            Self::Exit(block) => return format!("exit {block}"),
        };
        name.to_owned()
    }
}

/// What is measured.
#[derive(Debug)]
pub struct Subject {
    /// The exported graph.
    pub model: Arc<StepModel>,
    /// The network it was exported from, where that is known.
    pub trained: Option<Trained>,
    /// The graphs that end at its exits, with the blocks that these stand behind.
    pub exits: Vec<(usize, Arc<StepModel>)>,
    /// How hasty the exported graph is told to be, where it can be.
    pub haste: u8,
}

/// How files are cut into streams, each of which starts from the initial state, and is
/// compressed alone by the other compressors.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Bytes of each file to read.
    pub first: usize,
    /// Bytes of a stream.
    pub piece: usize,
    /// Streams of each file, from the first.
    pub streams: usize,
    /// Streams that are not longer than this are left out.
    pub above: usize,
}

impl Cut {
    /// Where the streams of `content` lie in it; an archive (.tar) has one for each member, uncut.
    pub fn streams(&self, path: &Path, content: &[u8]) -> Vec<Range<usize>> {
        let streams = if path.extension().is_some_and(|name| name == "tar") {
            members(content)
        } else {
            let first = content.len().min(self.first);
            let starts = (0..first).step_by(self.piece);
            starts.map(|at| at..(at + self.piece).min(first)).collect()
        };
        let kept = streams.into_iter().filter(|s| s.len() > self.above);
        kept.take(self.streams).collect()
    }
}

/// A file to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it lies.
    pub path: PathBuf,
    /// What kind of data it is.
    pub modality: String,
}

/// What was measured of a file or of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// A file's path, a modality, or `all`.
    pub name: String,
    /// The modality.
    pub modality: String,
    /// Streams.
    pub streams: usize,
    /// One for each column.
    pub spent: Vec<Spent>,
}

/// Bits that `column` spends on `streams`.
pub fn column(
    column: Column,
    subject: &Subject,
    streams: &[Passage<'_>],
    threads: usize,
) -> Result<f64, TrainError> {
    let passages = streams;
    let streams: &[&[u8]] = &streams.iter().map(|s| s.bytes).collect::<Vec<_>>();
    let network = |rounds: bool| {
        let Some(trained) = &subject.trained else {
            return Err(TrainError::Usage("there is no checkpoint of it".into()));
        };
        let parts = spread(threads, streams, |stream| match rounds {
            true => bits(trained, &[stream]),
            false => without_rounding(|| bits(trained, &[stream])),
        });
        Ok(parts?.iter().sum())
    };
    match column {
        Column::Exact => {
            let bits = exact_bits(&subject.model, streams, subject.haste, threads)?;
            Ok(bits.iter().sum())
        }
        Column::Exit(block) => {
            let exit = subject.exits.iter().find(|(at, _)| *at == block);
            let Some((_, model)) = exit else {
                return Err(TrainError::Usage(format!("it has no exit {block}")));
            };
            Ok(exact_bits(model, streams, 0, threads)?.iter().sum())
        }
        Column::Beside => {
            let Some(trained) = &subject.trained else {
                return Err(TrainError::Usage("there is no checkpoint of it".into()));
            };
            let parts = spread(threads, passages, |stream| together(trained, *stream))?;
            Ok(parts.iter().sum())
        }
        Column::Training => network(true),
        Column::Float => network(false),
        Column::Other(compressor) => {
            let sizes = spread(threads, streams, |stream| compressor.size(stream))?;
            Ok(8.0 * sizes.iter().sum::<u64>() as f64)
        }
    }
}

/// All columns of one file; `None` where none of its streams is to be measured.
pub fn file(
    item: &Item,
    columns: &[Column],
    subject: &Subject,
    cut: Cut,
    threads: usize,
) -> Result<Option<Measured>, TrainError> {
    let content = std::fs::read(&item.path).map_err(TrainError::file(&item.path))?;
    let ranges = cut.streams(&item.path, &content);
    let bytes = ranges.iter().map(|range| range.len() as u64).sum();
    if bytes == 0 {
        return Ok(None);
    }
    let prior = subject
        .trained
        .as_ref()
        .and_then(|t| t.config.prior.as_ref());
    let opinions = match prior.filter(|_| columns.contains(&Column::Beside)) {
        Some(prior) => prior.load(&item.path, content.len())?.0,
        None => Vec::new(),
    };
    let passages = ranges.into_iter().map(|range| Passage {
        prior: match opinions.is_empty() {
            true => &[],
            false => &opinions[8 * range.start..8 * range.end],
        },
        bytes: &content[range],
    });
    let streams: Vec<_> = passages.collect();
    let spent = columns.iter().map(|&c| {
        let bits = column(c, subject, &streams, threads)?;
        Ok(Spent { bits, bytes })
    });
    Ok(Some(Measured {
        name: item.path.display().to_string(),
        modality: item.modality.clone(),
        streams: streams.len(),
        spent: spent.collect::<Result<_, TrainError>>()?,
    }))
}

/// Several files as one, by the bytes.
pub fn sum<'a>(name: &str, all: impl Iterator<Item = &'a Measured>) -> Measured {
    let mut total = Measured {
        name: name.to_owned(),
        modality: name.to_owned(),
        streams: 0,
        spent: Vec::new(),
    };
    for one in all {
        total.streams += one.streams;
        total.spent.resize(one.spent.len(), Spent::default());
        for (sum, spent) in total.spent.iter_mut().zip(&one.spent) {
            *sum += *spent;
        }
    }
    total
}

/// One total for each modality, in the order of their names.
pub fn by_modality(all: &[Measured]) -> Vec<Measured> {
    let mut names: Vec<&str> = all.iter().map(|one| one.modality.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| sum(name, all.iter().filter(|one| one.modality == name));
    names.into_iter().map(of).collect()
}

impl Measured {
    /// Bytes measured.
    pub fn bytes(&self) -> u64 {
        self.spent.first().map_or(0, |spent| spent.bytes)
    }

    /// As it stands in results.json.
    pub fn json(&self, columns: &[Column]) -> Value {
        let pairs = columns.iter().zip(&self.spent);
        let means = pairs.map(|(column, spent)| (column.name(), json!(spent.mean())));
        json!({
            "name": self.name,
            "modality": self.modality,
            "bytes": self.bytes(),
            "streams": self.streams,
            "bits_per_byte": Value::Object(means.collect::<Map<_, _>>()),
        })
    }
}
