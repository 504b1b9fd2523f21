//! Which adapter takes a block, or which of its parts: those that recognise it propose, and a sample of what
//! each would make of it is measured, not guessed. A proposal must beat the plain adapter on the sample.

use std::iter;
use std::ops::Range;
use std::sync::Arc;

use super::contests::{Contest, Contests, Entry};
use super::regions::{self, Claim};

use crate::Result;
use crate::container::MAX_STREAMS;
use crate::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Meter, Model, Place, Predictor,
    Proposal, Registry, Settings, Stream,
};
use crate::probability::TOTAL_BITS;
use crate::{Error, Limits};

/// The name in profiles that stands for the tournament.
pub(super) const AUTO: &str = "auto";
/// The adapter that takes what no other does.
const PLAIN: &str = "bytes";

/// Share of a stream that is measured, and its bounds in bytes.
const SAMPLE_SHARE: usize = 16;
const SAMPLE_MIN: usize = 48 << 10;
const SAMPLE_MAX: usize = 128 << 10;
/// Strides that a sample must hold, within its bounds: a model of large records learns slowly.
const STRIDES: usize = 512;
/// Proposals that are measured at most, the surest first.
const MEASURED: usize = 3;
/// What a proposal must save of the plain adapter's cost, as divisors: where next to nothing of the block is in the
/// sample, which is not the block; and where the sample is the block.
const MARGINS: [u64; 2] = [50, 400];

/// What a part of its own costs in bytes: its head, and a model that knows nothing of the rest.
const PART: u64 = 256;

/// Bytes from which on a region with a note is a part of its own, whatever takes it: its adapter knows that
/// what is around it is of another kind.
const APART: usize = 64 << 10;

/// The score of a proposal for such a part that takes it even where the sample favours the plain adapter: of columns
/// one behind the other, a sample shows one or two.
const SURE: u8 = 100;

/// What one adapter takes of a block.
pub(super) struct Share<'a> {
    pub(super) adapter: &'a dyn Adapter,
    pub(super) adapted: Adapted,
    /// Where its bytes are in the block, in order.
    pub(super) ranges: Vec<Range<usize>>,
}

/// The adapters of a profile.
pub(super) struct Adapters {
    /// Takes what no proposal wins.
    plain: Arc<dyn Adapter>,
    plain_settings: Settings,
    /// May propose, with their settings.
    candidates: Vec<(Arc<dyn Adapter>, Settings)>,
    /// Whether a proposal must win against `plain`.
    contested: bool,
}

/// What measures a sample.
pub(super) struct Measure<'a> {
    pub(super) predictor: &'a dyn Predictor,
    pub(super) settings: &'a Settings,
    pub(super) models: &'a [Arc<Model>],
    pub(super) limits: Limits,
    /// Where to note what came into question.
    pub(super) contests: Option<&'a Contests>,
}

impl Adapters {
    /// The adapters that a profile names: one, or `auto` for all there are.
    pub(super) fn new(registry: &Registry, name: &str, settings: &Settings) -> Result<Self> {
        let find = |name: &str| match registry.by_name(Kind::Adapter, name)? {
            AnyPlugin::Adapter(plugin) => Ok(Arc::clone(plugin)),
            _ => Err(Error::Config(format!(
                "`{name}` is registered as another kind of plugin"
            ))),
        };
        if name != AUTO {
            let plain = find(name)?;
            return Ok(Self {
                candidates: vec![(Arc::clone(&plain), settings.clone())],
                plain,
                plain_settings: settings.clone(),
                contested: false,
            });
        }
        let own = |name: &str| -> Result<Settings> {
            match settings.get(name) {
                None => Ok(Settings::new()),
                Some(v) => v.as_table().cloned().ok_or_else(|| {
                    Error::Config(format!(
                        "settings of adapter auto: `{name}` is not a table of settings of that adapter"
                    ))
                }),
            }
        };
        let mut candidates = Vec::new();
        for (plugin, _) in registry.iter() {
            if let AnyPlugin::Adapter(adapter) = plugin
                && adapter.descriptor().name != PLAIN
                && is_meant(adapter.descriptor(), settings)
            {
                let settings = own(&adapter.descriptor().name)?;
                candidates.push((Arc::clone(adapter), settings));
            }
        }
        let known = |key: &String| {
            *key == PLAIN || candidates.iter().any(|(a, _)| a.descriptor().name == *key)
        };
        if let Some(key) = settings.keys().find(|key| !known(key)) {
            return Err(Error::Config(format!(
                "settings of adapter auto: there is no adapter `{key}`"
            )));
        }
        Ok(Self {
            plain: find(PLAIN)?,
            plain_settings: own(PLAIN)?,
            candidates,
            contested: true,
        })
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<dyn Adapter>> {
        let plain = self.contested.then_some(&self.plain);
        plain
            .into_iter()
            .chain(self.candidates.iter().map(|(a, _)| a))
    }

    /// Whether there is an adapter for whatever no other can take.
    pub(super) fn has_plain(&self) -> bool {
        self.contested
    }

    /// What that makes of the block.
    pub(super) fn plain_share(&self, block: &[u8]) -> Result<Share<'_>> {
        Ok(Share {
            adapter: &*self.plain,
            adapted: self.plain.forward(block, &self.plain_settings)?,
            ranges: iter::once(0..block.len()).collect(),
        })
    }

    /// What takes the block: one adapter, or several that share it.
    pub(super) fn share(
        &self,
        block: &[u8],
        place: &Place<'_>,
        measure: &Measure<'_>,
    ) -> Result<Vec<Share<'_>>> {
        let mut shares = Vec::new();
        let mut streams = 0;
        if self.contested {
            for claim in self.claims(block, place) {
                let bytes = claim.gather(block);
                let (adapter, settings) = &self.candidates[claim.owner];
                let proposals = adapter.propose_region(&bytes, &claim.note, settings)?;
                let apart = !claim.note.is_empty() && bytes.len() >= APART;
                let sure = apart && proposals.first().is_some_and(|p| p.score == SURE);
                let own = proposals.into_iter().map(|p| (&**adapter, p)).collect();
                let at = place.offset + claim.ranges.first().map_or(0, |r| r.start as u64);
                let fixed = if apart { 0 } else { PART };
                let mut best = self.contest(&bytes, at, own, fixed, sure, measure)?;
                if apart && best.is_none() {
                    best = Some((&*self.plain, self.plain_share(&bytes)?.adapted));
                }
                if let Some((adapter, adapted)) = best
                    && streams + adapted.streams.len() < MAX_STREAMS as usize
                {
                    streams += adapted.streams.len();
                    shares.push(Share {
                        adapter,
                        adapted,
                        ranges: claim.ranges,
                    });
                }
            }
        }
        let by_place = |share: &Share<'_>| share.ranges.first().map_or(0, |range| range.start);
        let rest = regions::complement(&shares, block.len());
        if !shares.is_empty() && rest.is_empty() {
            shares.sort_by_key(by_place);
            return Ok(shares);
        }
        let (adapter, adapted) = if shares.is_empty() {
            self.adapt(block, place, place.offset, measure)?
        } else {
            let bytes = regions::gather(&rest, block);
            let at = place.offset + rest.first().map_or(0, |range| range.start as u64);
            let (adapter, adapted) = self.adapt(&bytes, &Place::own(&bytes), at, measure)?;
            if streams + adapted.streams.len() <= MAX_STREAMS as usize {
                (adapter, adapted)
            } else {
                (
                    &*self.plain,
                    self.plain.forward(&bytes, &self.plain_settings)?,
                )
            }
        };
        shares.push(Share {
            adapter,
            adapted,
            ranges: rest,
        });
        shares.sort_by_key(by_place);
        Ok(shares)
    }

    /// The regions that adapters find in the block, with the adapters' places among the candidates.
    fn claims(&self, block: &[u8], place: &Place<'_>) -> Vec<Claim> {
        let found = self.candidates.iter().enumerate();
        let found = found.flat_map(|(owner, (adapter, _))| {
            let regions = adapter.regions(block, place);
            regions.into_iter().map(move |region| (owner, region))
        });
        regions::claims(found.collect(), block.len())
    }

    /// The adapter that takes all these bytes, which are at `at` in the content, and what it makes of them.
    fn adapt(
        &self,
        block: &[u8],
        place: &Place<'_>,
        at: u64,
        measure: &Measure<'_>,
    ) -> Result<(&dyn Adapter, Adapted)> {
        let mut proposals: Vec<(&dyn Adapter, Proposal)> = Vec::new();
        for (adapter, settings) in &self.candidates {
            for proposal in adapter.propose(block, place, settings)? {
                proposals.push((&**adapter, proposal));
            }
        }
        // Stable: equal scores stay in the order of ids.
        proposals.sort_by_key(|(_, p)| std::cmp::Reverse(p.score));
        proposals.truncate(MEASURED);
        match self.contest(block, at, proposals, 0, false, measure)? {
            Some(best) => Ok(best),
            None => Ok((
                &*self.plain,
                self.plain.forward(block, &self.plain_settings)?,
            )),
        }
    }

    /// The best proposal, unless the plain adapter is as good. A proposal costs `fixed` bytes more than it
    /// measures; where they are sure, the plain adapter is only measured for the record.
    fn contest<'a>(
        &self,
        block: &[u8],
        at: u64,
        proposals: Vec<(&'a dyn Adapter, Proposal)>,
        fixed: u64,
        sure: bool,
        measure: &Measure<'_>,
    ) -> Result<Option<(&'a dyn Adapter, Adapted)>> {
        if proposals.is_empty() {
            return Ok(None);
        }
        let mut contest = Contest {
            offset: at,
            length: block.len() as u64,
            entries: Vec::new(),
            chosen: 0,
        };
        let mut note = |adapter: &dyn Adapter, adapted: &Adapted, cost: u64| {
            let descriptor = adapter.descriptor();
            contest.entries.push(Entry {
                adapter: descriptor.name.to_string(),
                about: adapter.describe(descriptor.version, &adapted.params),
                estimate: (cost >> TOTAL_BITS).div_ceil(8),
            });
        };
        let (mut best, mut least, mut chosen) = (None, u64::MAX, 0);
        if self.contested {
            let adapted = self.plain.forward(block, &self.plain_settings)?;
            let (cost, share) = measure.cost(&adapted)?;
            note(&*self.plain, &adapted, cost);
            let [unseen, seen] = MARGINS.map(|margin| cost / margin);
            if !sure {
                least = cost - unseen + ((unseen - seen) as f64 * share) as u64;
            }
        }
        let before = usize::from(self.contested);
        for (number, (adapter, proposal)) in proposals.into_iter().enumerate() {
            let (cost, _) = measure.cost(&proposal.adapted)?;
            let cost = cost.saturating_add((fixed * 8) << TOTAL_BITS);
            note(adapter, &proposal.adapted, cost);
            if cost < least {
                (least, chosen) = (cost, number + before);
                best = Some((adapter, proposal.adapted));
            }
        }
        if let Some(contests) = measure.contests {
            contests.add(Contest { chosen, ..contest });
        }
        Ok(best)
    }
}

/// The project's own adapters may always propose. Others only where the profile has settings for
/// them: the header names every adapter that a frame may use, and who reads it must have them.
fn is_meant(adapter: &Descriptor, settings: &Settings) -> bool {
    adapter.id.0 < 1 << 16 || settings.contains_key(&*adapter.name)
}

impl Measure<'_> {
    /// About what the streams take, in 2^-16 bits, each judged by a sample of it; and which share of their bytes was
    /// in the samples.
    fn cost(&self, adapted: &Adapted) -> Result<(u64, f64)> {
        let mut sum = (adapted.params.len() as u64 * 8) << TOTAL_BITS;
        let (mut bytes, mut seen) = (0, 0);
        for stream in &adapted.streams {
            let (mut length, mut cost) = (0, 0);
            for sample in samples(stream) {
                length += sample.data.len();
                cost += self.stream(&sample)?;
            }
            let share = stream.data.len() as f64 / length.max(1) as f64;
            sum = sum.saturating_add((cost as f64 * share) as u64);
            bytes += stream.data.len();
            seen += length;
        }
        Ok((sum, seen as f64 / bytes.max(1) as f64))
    }

    fn stream(&self, stream: &Stream) -> Result<u64> {
        let params = self.predictor.plan_with_models(
            &stream.data,
            &stream.layout,
            self.settings,
            self.models,
        )?;
        let len = stream.data.len();
        let version = self.predictor.descriptor().version;
        let opened = self.predictor.open_with_models(
            version,
            &params,
            len as u64,
            self.models,
            &self.limits,
        )?;
        let mut meter = Meter::new(&stream.data);
        let mut state = opened.start()?;
        state.code(len, &mut meter, &mut Vec::with_capacity(len));
        Ok(meter.cost())
    }
}

/// A piece from the middle of a stream, or where it is long enough two, in phase with its layout.
fn samples(stream: &Stream) -> Vec<Stream> {
    let data = &stream.data;
    let longest = stream
        .layout
        .strides
        .iter()
        .max()
        .map_or(0, |&s| s as usize);
    let length = (data.len() / SAMPLE_SHARE).clamp(SAMPLE_MIN, SAMPLE_MAX);
    let least = (STRIDES * longest).clamp(SAMPLE_MIN, SAMPLE_MAX);
    let length = length.max(least);
    if data.len() <= length {
        return vec![stream.clone()];
    }
    let width = stream.layout.number.map_or(1, |n| usize::from(n.width));
    let step = stream.layout.strides.first().map_or(1, |&s| s as usize);
    let step = step.max(1).next_multiple_of(width.max(1));
    let pieces = if length >= 2 * least { 2 } else { 1 };
    let each = length / pieces;
    let piece = |number: usize| {
        let start = (data.len() - each) * (2 * number + 1) / (2 * pieces);
        let start = start - start % step;
        Stream {
            data: data[start..start + each].to_vec(),
            layout: Layout::clone(&stream.layout),
        }
    };
    (0..pieces).map(piece).collect()
}
