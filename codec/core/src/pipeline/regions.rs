//! Regions of a block that adapters claim for themselves: which of them hold.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::tournament::Share;
use crate::container::MAX_PARTS;
use crate::plugin::Region;

/// Least bytes of a region: less is not worth a part of its own.
const LEAST: usize = 16 << 10;
/// The same of one of several with a note, which are counted together.
const LEAST_OF_SEVERAL: usize = 512;
/// Most regions of a block.
const MOST: usize = 1024;
/// Most claims of a block; one part is left for the rest.
const CLAIMS: usize = MAX_PARTS as usize - 1;

/// Regions that are one part, if their adapter wins it.
pub(super) struct Claim {
    /// Whose they are.
    pub(super) owner: usize,
    /// Where they are in the block, in order.
    pub(super) ranges: Vec<Range<usize>>,
    /// What the adapter wants to know again.
    pub(super) note: Vec<u8>,
}

impl Claim {
    /// Its bytes.
    pub(super) fn gather(&self, block: &[u8]) -> Vec<u8> {
        gather(&self.ranges, block)
    }
}

/// The bytes of these ranges.
pub(super) fn gather(ranges: &[Range<usize>], block: &[u8]) -> Vec<u8> {
    ranges
        .iter()
        .flat_map(|r| &block[r.clone()])
        .copied()
        .collect()
}

/// What of `found`, regions with their owners, holds in a block of `len` bytes: the surest first, none overlapping.
pub(super) fn claims(mut found: Vec<(usize, Region)>, len: usize) -> Vec<Claim> {
    // A region that is nearly the block is the block: that is proposed as a whole.
    found.retain(|(_, region)| {
        let several = region.joins && !region.note.is_empty();
        let least = if several { LEAST_OF_SEVERAL } else { LEAST };
        let range = &region.range;
        range.end <= len && range.len() >= least && (range.start > 0 || len - range.end >= LEAST)
    });
    found.sort_by_key(|(owner, r)| (Reverse(r.score), r.range.start, *owner));
    let mut taken: Vec<(usize, Region)> = Vec::new();
    for (owner, region) in found {
        // Sorted by place.
        let at = taken.partition_point(|(_, t)| t.range.start < region.range.start);
        let before = at == 0 || taken[at - 1].1.range.end <= region.range.start;
        let behind = taken
            .get(at)
            .is_none_or(|(_, t)| region.range.end <= t.range.start);
        if before && behind && taken.len() < MOST {
            taken.insert(at, (owner, region));
        }
    }
    let mut claims: Vec<Claim> = Vec::new();
    let mut joined: HashMap<(usize, Vec<u8>), usize> = HashMap::new();
    for (owner, region) in taken {
        let next = claims.len();
        let claim = if region.joins {
            *joined.entry((owner, region.note.clone())).or_insert(next)
        } else {
            next
        };
        match claims.get_mut(claim) {
            Some(claim) => claim.ranges.push(region.range),
            None => claims.push(Claim {
                owner,
                ranges: vec![region.range],
                note: region.note,
            }),
        }
    }
    let bytes = |claim: &Claim| claim.ranges.iter().map(Range::len).sum::<usize>();
    claims.retain(|claim| bytes(claim) >= LEAST);
    claims.sort_by_key(|claim| Reverse(bytes(claim)));
    claims.truncate(CLAIMS);
    claims
}

/// What these shares leave of a block of `len` bytes.
pub(super) fn complement(shares: &[Share<'_>], len: usize) -> Vec<Range<usize>> {
    let mut taken: Vec<_> = shares.iter().flat_map(|share| &share.ranges).collect();
    taken.sort_by_key(|range| range.start);
    let (mut rest, mut at) = (Vec::new(), 0);
    for range in taken {
        if at < range.start {
            rest.push(at..range.start);
        }
        at = range.end;
    }
    // An empty block has one empty range.
    if at < len || len == 0 {
        rest.push(at..len);
    }
    rest
}

#[cfg(test)]
#[allow(
    clippy::single_range_in_vec_init,
    reason = "ranges are what it is about"
)]
mod tests {
    use super::*;

    const K: usize = LEAST;

    fn region(range: Range<usize>, score: u8, joins: bool) -> Region {
        Region {
            range,
            score,
            joins,
            note: Vec::new(),
        }
    }

    fn ranges(found: Vec<(usize, Region)>, len: usize) -> Vec<(usize, Vec<Range<usize>>)> {
        let claims = claims(found, len).into_iter();
        claims.map(|claim| (claim.owner, claim.ranges)).collect()
    }

    #[test]
    fn the_surest_of_overlapping_regions_holds() {
        let found = vec![
            (0, region(K..3 * K, 50, false)),
            (1, region(2 * K..5 * K, 90, false)),
            (2, region(5 * K..6 * K, 10, false)),
        ];
        assert_eq!(
            ranges(found, 9 * K),
            [(1, vec![2 * K..5 * K]), (2, vec![5 * K..6 * K])]
        );
    }

    #[test]
    fn regions_that_join_are_one_claim() {
        let found = vec![
            (0, region(7 * K..8 * K, 80, true)),
            (0, region(K..3 * K, 70, true)),
            (0, region(4 * K..6 * K, 70, false)),
            (1, region(3 * K..4 * K, 70, true)),
        ];
        let expected = [
            (0, vec![K..3 * K, 7 * K..8 * K]),
            (0, vec![4 * K..6 * K]),
            (1, vec![3 * K..4 * K]),
        ];
        assert_eq!(ranges(found, 9 * K), expected);
    }

    #[test]
    fn regions_of_one_note_are_counted_together() {
        let noted = |range, note: u8| Region {
            note: vec![note],
            ..region(range, 80, true)
        };
        let found = vec![
            (0, noted(K..K + K / 2, 1)),
            (0, noted(2 * K..2 * K + K / 2, 1)),
            (0, noted(3 * K..4 * K, 2)),
            (0, noted(5 * K..6 * K - 1, 3)),
            (1, noted(6 * K..7 * K, 1)),
        ];
        let expected = [
            (0, vec![K..K + K / 2, 2 * K..2 * K + K / 2]),
            (0, vec![3 * K..4 * K]),
            (1, vec![6 * K..7 * K]),
        ];
        assert_eq!(ranges(found, 9 * K), expected);
    }

    #[test]
    fn what_is_small_outside_or_everything_is_no_claim() {
        let found = vec![
            (0, region(0..K - 1, 80, true)),
            (0, region(K..9 * K + 1, 80, true)),
            (0, region(0..9 * K, 80, true)),
            (0, region(0..8 * K + 1, 80, true)),
        ];
        assert!(ranges(found, 9 * K).is_empty());
    }

    #[test]
    fn there_are_no_more_claims_than_parts() {
        let found = (1..=100).map(|i| (0, region(i * K..(i + 1) * K, 50, false)));
        assert_eq!(ranges(found.collect(), 200 * K).len() as u64, MAX_PARTS - 1);
    }
}
