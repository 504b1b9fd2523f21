//! Lanes that read streams one after the other, a stretch of bytes per step.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::config::Config;
use crate::error::TrainError;
use crate::random::Random;
use crate::recall::Contexts;

/// One step's input of some lanes, lane after lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
}

/// Reads the sources.
#[derive(Debug)]
pub struct Feeder {
    sources: Vec<Source>,
    streams: Vec<Vec<Range<usize>>>,
    contexts: Vec<Contexts>,
    state: FeederState,
}

impl Feeder {
    /// Loads all sources of `config` from `folder`.
    pub fn new(config: &Config, folder: &Path) -> Result<Self, TrainError> {
        if !folder.is_dir() {
            return Err(TrainError::Data(format!(
                "{} is no folder",
                folder.display()
            )));
        }
        let sources = config
            .sources
            .iter()
            .map(|source| Source::load(folder, source))
            .collect::<Result<Vec<_>, _>>()?;
        let passes: Vec<_> = (0..sources.len())
            .map(|i| (Random::new(config.seed, 100 + i as u64), 0))
            .collect();
        let lane = Lane {
            source: 0,
            next: 0,
            end: 0,
            last: 0,
            begin: 0,
        };
        let state = FeederState {
            random: Random::new(config.seed, 1),
            passes,
            lanes: vec![lane; config.training.lanes],
        };
        let mut feeder = Self {
            sources,
            streams: Vec::new(),
            contexts: vec![Contexts::new(&config.model.tables); config.training.lanes],
            state,
        };
        feeder.order();
        Ok(feeder)
    }

    /// What decides everything read from here on.
    pub fn state(&self) -> &FeederState {
        &self.state
    }

    /// Goes on from a state saved with the same configuration.
    pub fn restore(&mut self, state: FeederState) {
        self.state = state;
        self.order();
        for (lane, contexts) in self.state.lanes.iter().zip(&mut self.contexts) {
            contexts.clear();
            if lane.begin < lane.end {
                contexts.push(0);
            }
            let read = &self.sources[lane.source].bytes[lane.begin..lane.next];
            read.iter().for_each(|&byte| contexts.push(byte));
        }
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
        for lane in 0..lanes {
            let stretch = &mut stretches[lane * parts / lanes];
            stretch.lanes += 1;
            for _ in 0..length {
                let start = self.state.lanes[lane].next == self.state.lanes[lane].end;
                if start {
                    let (source, range) = self.draw();
                    self.contexts[lane].clear();
                    self.contexts[lane].push(0);
                    self.state.lanes[lane] = Lane {
                        source,
                        next: range.start,
                        end: range.end,
                        last: 0,
                        begin: range.start,
                    };
                }
                let contexts = &mut self.contexts[lane];
                let lane = &mut self.state.lanes[lane];
                let byte = self.sources[lane.source].bytes[lane.next];
                stretch.bytes.push(lane.last);
                stretch.targets.push(byte);
                stretch.starts.push(start);
                stretch.rows.extend(contexts.rows());
                contexts.push(byte);
                lane.last = byte;
                lane.next += 1;
            }
        }
        stretches
    }
}
