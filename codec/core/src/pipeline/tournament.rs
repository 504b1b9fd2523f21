//! Which adapter takes a block, or which of its parts: those that recognise it propose, and a sample of what
//! each would make of it is measured, not guessed. A proposal must beat the plain adapter on the sample.

use std::iter;
use std::ops::Range;
use std::sync::Arc;

use super::audition::{self, Entrant, Won};
use super::contests::Contest;
use super::measure::Measure;
use super::regions::{self, Claim};
use crate::container::MAX_STREAMS;
use crate::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Place, Proposal, Registry, Settings,
};
use crate::{Error, Result};

/// The name in profiles that stands for the tournament.
pub(super) const AUTO: &str = "auto";
/// The adapter that takes what no other does.
const PLAIN: &str = "bytes";

/// Proposals that are measured at most, the surest first.
const MEASURED: usize = 3;
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
    /// The predictor's parameters for each stream, where they are known.
    pub(super) plans: Vec<Option<Vec<u8>>>,
    /// Where its bytes are in the block, in order.
    pub(super) ranges: Vec<Range<usize>>,
}

impl<'a> Share<'a> {
    fn of(won: Won<'a>, ranges: Vec<Range<usize>>) -> Self {
        Self {
            adapter: won.adapter,
            adapted: won.adapted,
            plans: won.plans,
            ranges,
        }
    }
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
        let all = iter::once(0..block.len()).collect();
        Ok(Share::of(self.plain(block)?, all))
    }

    fn plain(&self, bytes: &[u8]) -> Result<Won<'_>> {
        let adapted = self.plain.forward(bytes, &self.plain_settings)?;
        Ok(Won {
            adapter: &*self.plain,
            plans: vec![None; adapted.streams.len()],
            adapted,
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
            for claim in self.claims(block, place)? {
                let bytes = claim.gather(block);
                let (adapter, settings) = &self.candidates[claim.owner];
                let proposals = adapter.propose_region(&bytes, &claim.note, settings)?;
                let apart = !claim.note.is_empty() && bytes.len() >= APART;
                let sure = apart && proposals.first().is_some_and(|p| p.score == SURE);
                let own = proposals.into_iter().map(|p| (&**adapter, p)).collect();
                let at = place.offset + claim.ranges.first().map_or(0, |r| r.start as u64);
                let fixed = if apart { 0 } else { PART };
                let won = self.contest(&bytes, at, own, fixed, sure, measure)?;
                // What stays as it is stays with the rest, unless it is known to be of another kind.
                let is_part = apart || !self.is_plain(&won);
                if is_part && streams + won.adapted.streams.len() < MAX_STREAMS as usize {
                    streams += won.adapted.streams.len();
                    shares.push(Share::of(won, claim.ranges));
                }
            }
        }
        let by_place = |share: &Share<'_>| share.ranges.first().map_or(0, |range| range.start);
        let rest = regions::complement(&shares, block.len());
        if !shares.is_empty() && rest.is_empty() {
            shares.sort_by_key(by_place);
            return Ok(shares);
        }
        let won = if shares.is_empty() {
            self.adapt(block, place, place.offset, measure)?
        } else {
            let bytes = regions::gather(&rest, block);
            let at = place.offset + rest.first().map_or(0, |range| range.start as u64);
            let won = self.adapt(&bytes, &Place::own(&bytes), at, measure)?;
            if streams + won.adapted.streams.len() <= MAX_STREAMS as usize {
                won
            } else {
                self.plain(&bytes)?
            }
        };
        shares.push(Share::of(won, rest));
        shares.sort_by_key(by_place);
        Ok(shares)
    }

    /// Whether the plain adapter won a contest that it was in.
    fn is_plain(&self, won: &Won<'_>) -> bool {
        won.adapter.descriptor().id == self.plain.descriptor().id
    }

    /// The regions that adapters find in the block, with the adapters' places among the candidates.
    fn claims(&self, block: &[u8], place: &Place<'_>) -> Result<Vec<Claim>> {
        let mut found = Vec::new();
        for (owner, (adapter, _)) in self.candidates.iter().enumerate() {
            let regions = adapter.regions(block, place)?;
            found.extend(regions.into_iter().map(|region| (owner, region)));
        }
        Ok(regions::claims(found, block.len()))
    }

    /// The adapter that takes all these bytes, which are at `at` in the content, and what it makes of them.
    fn adapt(
        &self,
        block: &[u8],
        place: &Place<'_>,
        at: u64,
        measure: &Measure<'_>,
    ) -> Result<Won<'_>> {
        let mut proposals: Vec<(&dyn Adapter, Proposal)> = Vec::new();
        for (adapter, settings) in &self.candidates {
            for proposal in adapter.propose(block, place, settings)? {
                proposals.push((&**adapter, proposal));
            }
        }
        // Stable: equal scores stay in the order of ids.
        proposals.sort_by_key(|(_, p)| std::cmp::Reverse(p.score));
        proposals.truncate(MEASURED);
        self.contest(block, at, proposals, 0, false, measure)
    }

    /// The best proposal, unless the plain adapter is as good. A proposal costs `fixed` bytes more than it
    /// measures; where they are sure, the plain adapter does not come into question.
    fn contest<'a>(
        &'a self,
        block: &[u8],
        at: u64,
        proposals: Vec<(&'a dyn Adapter, Proposal)>,
        fixed: u64,
        sure: bool,
        measure: &Measure<'_>,
    ) -> Result<Won<'a>> {
        if proposals.is_empty() {
            return self.plain(block);
        }
        let contested = self.contested && !sure;
        let mut entrants = Vec::with_capacity(1 + proposals.len());
        if contested {
            entrants.push(Entrant {
                adapter: &*self.plain,
                adapted: self.plain.forward(block, &self.plain_settings)?,
                fixed: 0,
            });
        }
        entrants.extend(proposals.into_iter().map(|(adapter, proposal)| Entrant {
            adapter,
            adapted: proposal.adapted,
            fixed,
        }));
        let contest = Contest {
            offset: at,
            length: block.len() as u64,
            entries: Vec::new(),
            chosen: 0,
        };
        // A region that stays as it is stays with the rest.
        audition::hold(entrants, contested, fixed > 0, measure, contest)
    }
}

/// The project's own adapters may always propose. Others only where the profile has settings for
/// them: the header names every adapter that a frame may use, and who reads it must have them.
fn is_meant(adapter: &Descriptor, settings: &Settings) -> bool {
    adapter.id.0 < 1 << 16 || settings.contains_key(&*adapter.name)
}
