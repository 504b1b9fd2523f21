//! Encoder: how zlib was probably called.

use crate::inflate::Inflated;
use crate::model::{Model, Strategy, Zlib};
use crate::tokens::Coding;

/// Tokens of the first trials.
const SAMPLE: usize = 8192;

/// zlib as most programs call it.
const USUAL: Zlib = Zlib {
    level: 6,
    strategy: Strategy::Default,
    window: 15,
    hash: 15,
};

/// The levels, those that programs use most first.
const LEVELS: [u8; 9] = [6, 9, 1, 5, 2, 3, 4, 7, 8];

/// The settings that explain most of the stream. `window` is what its header names, `before` the settings
/// of another stream of the block: streams of one file have mostly one origin.
pub(crate) fn guess(inflated: &Inflated, window: Option<u8>, before: Option<Zlib>) -> Zlib {
    if let Some(before) = before
        && misses(inflated, before, usize::MAX, 1) == 0
    {
        return before;
    }
    let tokens = || inflated.blocks.iter().flat_map(|b| &b.tokens);
    let farthest = tokens().map(|t| t.distance()).max().unwrap_or(0);
    if farthest == 0 {
        return Zlib {
            strategy: Strategy::Huffman,
            ..USUAL
        };
    }
    let runs = Zlib {
        strategy: Strategy::Runs,
        ..USUAL
    };
    if farthest == 1 && misses(inflated, runs, usize::MAX, 1) == 0 {
        return runs;
    }
    let hashes = hashes(inflated);
    let mut candidates = Vec::new();
    for window in windows(inflated, window, farthest) {
        for &hash in &hashes {
            candidates.extend(LEVELS.map(|level| Zlib {
                level,
                window,
                hash,
                ..USUAL
            }));
        }
    }
    let (best, misses) = best(inflated, &candidates);
    if misses == 0 || best.level <= 3 {
        return best;
    }
    let filtered = (4..=9).map(|level| Zlib {
        level,
        strategy: Strategy::Filtered,
        ..best
    });
    let (other, fewer) = self::best(inflated, &filtered.collect::<Vec<_>>());
    if fewer < misses { other } else { best }
}

/// The hash that belongs to the size of the blocks, and the usual one. GNU gzip has the largest blocks
/// and the usual hash.
fn hashes(inflated: &Inflated) -> Vec<u8> {
    let blocks = inflated.blocks.iter().rev().skip(1);
    let most = blocks.map(|b| b.tokens.len()).max().unwrap_or(0);
    let own = ((most + 1).next_power_of_two().ilog2() as u8 + 1).clamp(8, 16);
    if most == 0 || own == USUAL.hash {
        vec![USUAL.hash]
    } else {
        vec![own, USUAL.hash]
    }
}

/// The usual window, the one that the header names, and the least that holds every distance, where that
/// says something.
fn windows(inflated: &Inflated, named: Option<u8>, farthest: usize) -> Vec<u8> {
    let mut windows = vec![USUAL.window];
    let least = (9..15).find(|&bits| farthest <= (1 << bits) - 262);
    let least = least.filter(|&bits| inflated.plain.len() > 2 << bits);
    windows.extend(named.filter(|bits| (9..15).contains(bits)));
    windows.extend(least.filter(|&bits| named != Some(bits)));
    windows
}

/// The one with the fewest misses in a sample, or in the whole stream where several have about as few.
fn best(inflated: &Inflated, candidates: &[Zlib]) -> (Zlib, usize) {
    let whole = inflated
        .blocks
        .iter()
        .map(|b| b.tokens.len())
        .sum::<usize>()
        > SAMPLE;
    let mut least = usize::MAX;
    let mut tried: Vec<_> = Vec::new();
    for &settings in candidates {
        let most = least.saturating_add(least / 8).saturating_add(8);
        let misses = misses(inflated, settings, SAMPLE, most);
        if misses == 0 && (!whole || self::misses(inflated, settings, usize::MAX, 1) == 0) {
            return (settings, 0);
        }
        least = least.min(misses);
        tried.push((settings, misses));
    }
    tried.retain(|&(_, misses)| misses <= least + least / 8);
    let whole = inflated
        .blocks
        .iter()
        .map(|b| b.tokens.len())
        .sum::<usize>()
        > SAMPLE;
    if tried.len() > 1 && whole {
        // With many misses it is another encoder: it does not matter which level comes closest.
        if least > SAMPLE / 16 {
            tried.truncate(1);
        }
        let mut least = usize::MAX;
        for (settings, misses) in &mut tried {
            *misses = self::misses(inflated, *settings, usize::MAX, least);
            least = least.min(*misses);
        }
    }
    tried
        .into_iter()
        .min_by_key(|t| t.1)
        .unwrap_or((USUAL, usize::MAX))
}

/// Tokens among the first `tokens` that are not what zlib would have written; stops at `most`.
fn misses(inflated: &Inflated, settings: Zlib, tokens: usize, most: usize) -> usize {
    let mut model = Model::new(&inflated.plain, settings);
    let (mut misses, mut left) = (0, tokens);
    for block in &inflated.blocks {
        for &token in &block.tokens {
            if left == 0 || misses >= most {
                return misses;
            }
            left -= 1;
            let said = model.next();
            misses += usize::from(said != token);
            model.take(token, said);
        }
        if let Coding::Stored(length) = block.coding {
            model.skip(length);
        }
    }
    misses
}
