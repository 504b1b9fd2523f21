//! Lanes that read streams one after the other, a stretch of bytes per step.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::conditions::{Conditions, Observed};
use crate::config::{Config, TableConfig};
use crate::context::History;
use crate::error::TrainError;
use crate::random::Random;

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
    /// Features of the stream for each position (`crate::conditions`).
    pub conditions: Vec<u8>,
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
    history: History,
    #[serde(default)]
    observed: Observed,
}

/// Reads the sources.
#[derive(Debug)]
pub struct Feeder {
    sources: Vec<Source>,
    streams: Vec<Vec<Range<usize>>>,
    tables: Vec<TableConfig>,
    conditions: Conditions,
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
            history: History::default(),
            observed: Observed::default(),
        };
        let state = FeederState {
            random: Random::new(config.seed, 1),
            passes,
            lanes: vec![lane; config.training.lanes],
        };
        let mut feeder = Self {
            sources,
            streams: Vec::new(),
            tables: config.model.tables.clone(),
            conditions: config.model.conditions,
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
                    let mut history = History::default();
                    history.push(0);
                    let stream = &self.sources[source].bytes[range.clone()];
                    let observed = Observed::new(self.conditions, stream);
                    self.state.lanes[lane] = Lane {
                        source,
                        next: range.start,
                        end: range.end,
                        last: 0,
                        history,
                        observed,
                    };
                }
                let lane = &mut self.state.lanes[lane];
                let byte = self.sources[lane.source].bytes[lane.next];
                stretch.bytes.push(lane.last);
                stretch.targets.push(byte);
                stretch.starts.push(start);
                let rows = self
                    .tables
                    .iter()
                    .map(|t| lane.history.row(t.context, 1 << t.bits));
                stretch.rows.extend(rows);
                lane.observed.next(lane.last, &mut stretch.conditions);
                lane.history.push(byte);
                lane.last = byte;
                lane.next += 1;
            }
        }
        stretches
    }
}
