//! Encoder: how zlib was probably called.

use crate::inflate::Inflated;
use crate::model::{Model, Strategy, Zlib};
use crate::tokens::{Coding, Token};

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

/// How zlib was called if it made most of the stream. `window` is what a header names, `before` how it was
/// called for another stream of the block: those of one file have mostly one origin.
pub(crate) fn guess(inflated: &Inflated, window: Option<u8>, before: Option<Zlib>) -> Zlib {
    if let Some(before) = before
        && misses(inflated, before, usize::MAX, 1) == 0
    {
        return before;
    }
    let farthest = inflated.tokens().map(Token::distance).max().unwrap_or(0);
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
    let candidates = |strategy| {
        let (windows, hashes) = (windows(inflated, window, farthest), hashes(inflated));
        let mut candidates = Vec::new();
        for window in windows {
            for &hash in &hashes {
                candidates.extend(LEVELS.map(|level| Zlib {
                    level,
                    strategy,
                    window,
                    hash,
                }));
            }
        }
        candidates
    };
    let (usual, misses) = best(inflated, &candidates(Strategy::Default));
    if misses == 0 {
        return usual;
    }
    // It makes no difference to the fast levels.
    let mut filtered = candidates(Strategy::Filtered);
    filtered.retain(|zlib| zlib.level > 3);
    let (other, fewer) = best(inflated, &filtered);
    if fewer < misses { other } else { usual }
}

/// The hash that belongs to the size of the blocks, and the usual one. GNU gzip has the largest blocks
/// and the usual hash.
fn hashes(inflated: &Inflated) -> Vec<u8> {
    let own = inflated.buffer().map(|buffer| buffer + 1);
    let mut hashes = vec![USUAL.hash];
    hashes.extend(own.filter(|&hash| hash != USUAL.hash));
    hashes
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
    let longer = inflated.tokens().nth(SAMPLE).is_some();
    let mut least = usize::MAX;
    let mut tried: Vec<_> = Vec::new();
    for &zlib in candidates {
        let most = least.saturating_add(least / 8).saturating_add(8);
        let misses = misses(inflated, zlib, SAMPLE, most);
        if misses == 0 && (!longer || self::misses(inflated, zlib, usize::MAX, 1) == 0) {
            return (zlib, 0);
        }
        least = least.min(misses);
        tried.push((zlib, misses));
    }
    tried.retain(|&(_, misses)| misses <= least + least / 8);
    if longer {
        // With many misses it is another encoder: it does not matter which level comes closest.
        if least > SAMPLE / 16 {
            tried.truncate(1);
        }
        let mut least = usize::MAX;
        for (zlib, misses) in &mut tried {
            *misses = self::misses(inflated, *zlib, usize::MAX, least);
            least = least.min(*misses);
        }
    }
    let best = tried.into_iter().min_by_key(|&(_, misses)| misses);
    best.unwrap_or((USUAL, usize::MAX))
}

/// Tokens among the first `tokens` that are not what zlib would have written; stops at `most`.
fn misses(inflated: &Inflated, zlib: Zlib, tokens: usize, most: usize) -> usize {
    let mut model = Model::new(&inflated.plain, zlib);
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
