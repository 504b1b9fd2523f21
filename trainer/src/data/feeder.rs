//! Lanes that read streams one after the other, a stretch of bytes per step.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::modality::modality;
use super::source::{Passage, Source};
use crate::beside::Beside;
use crate::conditions::{Conditions, Observed};
use crate::config::{Config, SourceConfig};
use crate::error::TrainError;
use crate::random::Random;
use crate::recall::Contexts;

/// One step's input of some lanes, lane after lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// Lanes, each with as many positions as the others.
    pub lanes: usize,
    /// The byte before each position; 0 before a stream.
    pub bytes: Vec<u8>,
    /// The byte at each position.
    pub targets: Vec<u8>,
    /// Whether a stream begins at each position.
    pub starts: Vec<bool>,
    /// One row per table for each position.
    pub rows: Vec<u32>,
    /// Features of the stream for each position (`crate::conditions`).
    pub conditions: Vec<u8>,
    /// What another predictor says of each position, if there is one.
    pub beside: Beside,
}

/// Everything that decides what is read next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeederState {
    random: Random,
    /// Per source: the generator its present pass began with, streams taken from that pass.
    passes: Vec<(Random, usize)>,
    lanes: Vec<Lane>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lane {
    source: usize,
    next: usize,
    end: usize,
    last: u8,
    /// Where its stream begins: what it remembers is read again when a run goes on.
    begin: usize,
    /// Whether its memories are silent.
    #[serde(default)]
    silent: bool,
}

/// Reads the sources.
#[derive(Debug)]
pub struct Feeder {
    sources: Vec<Source>,
    streams: Vec<Vec<Range<usize>>>,
    contexts: Vec<Contexts>,
    conditions: Conditions,
    /// Share of the streams whose memories are silent.
    memory_drop: f64,
    observed: Vec<Observed>,
    modalities: Vec<String>,
    /// Number of each source's modality.
    kinds: Vec<u16>,
    origins: Vec<Vec<u16>>,
    /// Files that are evaluated on alone.
    validation: Vec<Source>,
    state: FeederState,
}

/// Purposes of the generators that choose what is held out, one a source.
const HOLD_OUT: u64 = 1 << 40;

impl Feeder {
    /// Loads all sources of `config` from `folder`.
    pub fn new(config: &Config, folder: &Path) -> Result<Self, TrainError> {
        if !folder.is_dir() {
            return Err(TrainError::Data(format!(
                "{} is no folder",
                folder.display()
            )));
        }
        let share = config.validation.as_ref().map_or(0.0, |v| v.share);
        let sources = config.sources.iter().enumerate().map(|(i, source)| {
            let mut random = Random::new(config.seed, HOLD_OUT + i as u64);
            Source::load(folder, source, config.prior.as_ref(), share, &mut random)
        });
        let mut feeder = Self::of(config, sources.collect::<Result<_, _>>()?);
        let files = config.validation.iter().flat_map(|v| &v.files);
        feeder.validation = files
            .map(|path| {
                let source = SourceConfig::of(path.clone());
                let random = &mut Random::new(0, 0);
                Source::load(folder, &source, config.prior.as_ref(), 0.0, random)
            })
            .collect::<Result<_, _>>()?;
        let names = feeder.sources.iter().chain(&feeder.validation);
        feeder.modalities = names.map(|s| modality(&s.path).to_owned()).collect();
        feeder.modalities.sort();
        feeder.modalities.dedup();
        feeder.kinds = feeder.sources.iter().map(|s| feeder.number(s)).collect();
        if config.validation.is_some() && feeder.held_out(1).is_empty() {
            return Err(TrainError::Data(
                "nothing can be held out for validation: no source has two streams".to_owned(),
            ));
        }
        Ok(feeder)
    }

    fn number(&self, source: &Source) -> u16 {
        let name = modality(&source.path);
        let at = self.modalities.iter().position(|other| other == name);
        at.unwrap_or(0) as u16
    }

    /// Reads `sources`, all of one modality.
    pub fn of(config: &Config, sources: Vec<Source>) -> Self {
        let passes: Vec<_> = (0..sources.len())
            .map(|i| (Random::new(config.seed, 100 + i as u64), 0))
            .collect();
        let lane = Lane {
            source: 0,
            next: 0,
            end: 0,
            last: 0,
            begin: 0,
            silent: false,
        };
        let state = FeederState {
            random: Random::new(config.seed, 1),
            passes,
            lanes: vec![lane; config.training.lanes],
        };
        let mut feeder = Self {
            kinds: vec![0; sources.len()],
            sources,
            streams: Vec::new(),
            contexts: vec![Contexts::new(&config.model.tables); config.training.lanes],
            conditions: config.model.conditions,
            memory_drop: config.training.memory_drop,
            observed: vec![Observed::default(); config.training.lanes],
            modalities: vec!["all".to_owned()],
            origins: Vec::new(),
            validation: Vec::new(),
            state,
        };
        feeder.order();
        feeder
    }

    /// Names of the modalities, in order.
    pub fn modalities(&self) -> &[String] {
        &self.modalities
    }

    /// Number of the modality of each byte that [`Self::next`] gave last, part by part.
    pub fn origins(&self) -> &[Vec<u16>] {
        &self.origins
    }

    /// Streams that are never trained on, with the number of their modality: of each source and
    /// validation file at most `bytes`, but at least one.
    pub fn held_out(&self, bytes: usize) -> Vec<(u16, Passage<'_>)> {
        let mut held = Vec::new();
        let parts = self.sources.iter().map(|s| (s, s.held.clone()));
        let files = self.validation.iter();
        let files = files.map(|s| (s, s.in_order()));
        for (source, ranges) in parts.chain(files) {
            let mut taken = 0;
            for range in ranges {
                if taken >= bytes {
                    break;
                }
                taken += range.len();
                held.push((self.number(source), source.passage(range)));
            }
        }
        held
    }

    /// BLAKE3 of each file that is read, in the order of [`Config::data_files`].
    pub fn digests(&self) -> Vec<String> {
        let files = || self.sources.iter().chain(&self.validation);
        let priors = files().filter_map(|source| source.prior_digest.clone());
        files()
            .map(|source| source.digest.clone())
            .chain(priors)
            .collect()
    }

    /// What decides everything read from here on.
    pub fn state(&self) -> &FeederState {
        &self.state
    }

    /// Goes on from a state saved with the same configuration and data.
    ///
    /// # Errors
    ///
    /// A state that cannot be one of this data.
    pub fn restore(&mut self, state: FeederState) -> Result<(), TrainError> {
        let lanes = state.lanes.len() == self.state.lanes.len();
        let inside = |lane: &Lane| {
            let source = self.sources.get(lane.source);
            let ordered = lane.begin <= lane.next && lane.next <= lane.end;
            ordered && source.is_some_and(|source| lane.end <= source.bytes.len())
        };
        let fits = lanes && state.lanes.iter().all(inside);
        if !fits || state.passes.len() != self.sources.len() {
            return Err(TrainError::Checkpoint("it was made of other data".into()));
        }
        self.state = state;
        self.order();
        let passes = self.state.passes.iter().zip(&self.streams);
        if passes
            .into_iter()
            .any(|((_, taken), all)| *taken > all.len())
        {
            return Err(TrainError::Checkpoint("it was made of other data".into()));
        }
        let memories = self.contexts.iter_mut().zip(&mut self.observed);
        for (lane, (contexts, observed)) in self.state.lanes.iter().zip(memories) {
            contexts.clear();
            contexts.silence(lane.silent);
            if lane.begin < lane.end {
                contexts.push(0);
            }
            let stream = &self.sources[lane.source].bytes[lane.begin..lane.end];
            *observed = Observed::new(self.conditions, stream);
            let mut last = 0;
            for &byte in &stream[..lane.next - lane.begin] {
                contexts.push(byte);
                observed.next(last, &mut Vec::new());
                last = byte;
            }
        }
        Ok(())
    }

    fn order(&mut self) {
        let passes = self.state.passes.iter();
        self.streams = passes
            .zip(&self.sources)
            .map(|((random, _), source)| source.streams(&mut random.clone()))
            .collect();
    }

    /// Draws the next stream: a source by chance, then the next of its pass.
    fn draw(&mut self) -> (usize, Range<usize>) {
        let total: f64 = self.sources.iter().map(|source| source.chance).sum();
        let mut at = self.state.random.unit() * total;
        let mut index = 0;
        while index + 1 < self.sources.len() && at >= self.sources[index].chance {
            at -= self.sources[index].chance;
            index += 1;
        }
        let (random, taken) = &mut self.state.passes[index];
        if *taken == self.streams[index].len() {
            random.draw();
            *taken = 0;
            self.streams[index] = self.sources[index].streams(&mut random.clone());
        }
        *taken += 1;
        (index, self.streams[index][*taken - 1].clone())
    }

    /// The next `length` bytes of all lanes, in `parts` groups of lanes.
    pub fn next(&mut self, parts: usize, length: usize) -> Vec<Stretch> {
        let lanes = self.state.lanes.len();
        let mut stretches = vec![Stretch::default(); parts];
        self.origins = vec![Vec::new(); parts];
        for lane in 0..lanes {
            let part = lane * parts / lanes;
            let stretch = &mut stretches[part];
            stretch.lanes += 1;
            for _ in 0..length {
                let start = self.state.lanes[lane].next == self.state.lanes[lane].end;
                if start {
                    let (source, range) = self.draw();
                    // Nothing is drawn where it decides nothing: runs without silence stay what they were.
                    let drop = self.memory_drop;
                    let silent = drop > 0.0 && self.state.random.unit() < drop;
                    self.contexts[lane].clear();
                    self.contexts[lane].silence(silent);
                    self.contexts[lane].push(0);
                    let stream = &self.sources[source].bytes[range.clone()];
                    self.observed[lane] = Observed::new(self.conditions, stream);
                    self.state.lanes[lane] = Lane {
                        source,
                        next: range.start,
                        end: range.end,
                        last: 0,
                        begin: range.start,
                        silent,
                    };
                }
                let contexts = &mut self.contexts[lane];
                let observed = &mut self.observed[lane];
                let lane = &mut self.state.lanes[lane];
                let byte = self.sources[lane.source].bytes[lane.next];
                stretch.bytes.push(lane.last);
                stretch.targets.push(byte);
                stretch.starts.push(start);
                stretch.rows.extend(contexts.rows());
                observed.next(lane.last, &mut stretch.conditions);
                let opinions = self.sources[lane.source].passage(lane.next..lane.next + 1);
                stretch.beside.opinions.extend(opinions.prior);
                self.origins[part].push(self.kinds[lane.source]);
                contexts.push(byte);
                lane.last = byte;
                lane.next += 1;
            }
        }
        stretches
    }
}
