//! Encoder: how zlib was probably called.

use crate::inflate::{Coding, Inflated};
use crate::model::{Model, Settings, Strategy};

/// Tokens of the first trials.
const SAMPLE: usize = 8192;

/// The settings that explain most of the stream; `hints`: windows and levels that a header tells.
pub(crate) fn guess(inflated: &Inflated, window: Option<u8>) -> Settings {
    let all = |pick: fn(usize, usize) -> bool| {
        let mut tokens = inflated.blocks.iter().flat_map(|b| &b.tokens);
        tokens.all(|t| pick(t.length(), t.distance()))
    };
    let most = inflated.blocks.iter().rev().skip(1).map(|b| b.tokens.len()).max();
    let buffer = most.map_or(0, |m| (m + 1).next_power_of_two().ilog2());
    let window = window.unwrap_or(15);
    let basic = Settings { level: 6, strategy: Strategy::Default, window, hash: 15 };
    if all(|_, distance| distance == 0) {
        return Settings { strategy: Strategy::Huffman, ..basic };
    }
    if all(|_, distance| distance <= 1) {
        let runs = Settings { strategy: Strategy::Runs, ..basic };
        if misses(inflated, runs, usize::MAX, 64) == 0 {
            return runs;
        }
    }
    // The hash that belongs to the size of blocks, and zlib's usual one.
    let own = (buffer as u8 + 1).clamp(8, 16);
    let hashes = if buffer == 0 || own == 15 { vec![15] } else { vec![own, 15] };
    let mut candidates = Vec::new();
    for hash in hashes {
        for level in 1..=9 {
            candidates.push(Settings { level, hash, ..basic });
        }
    }
    let mut best = best(inflated, candidates, SAMPLE);
    if best.1 > 0 {
        let farthest = inflated.blocks.iter().flat_map(|b| &b.tokens).map(|t| t.distance()).max();
        let mut others = Vec::new();
        if best.0.level > 3 {
            others.push(Settings { strategy: Strategy::Filtered, ..best.0 });
        }
        for window in 9..15 {
            if farthest.unwrap_or(0) <= (1 << window) - 262 {
                others.push(Settings { window, ..best.0 });
                break;
            }
        }
        if let Some((settings, misses)) = Some(self::best(inflated, others, SAMPLE))
            && misses < best.1
        {
            best = (settings, misses);
        }
    }
    best.0
}

/// The one with the fewest misses in `tokens`, then in the whole stream where several have as few.
fn best(inflated: &Inflated, candidates: Vec<Settings>, tokens: usize) -> (Settings, usize) {
    let mut least = usize::MAX;
    let mut tried: Vec<_> = Vec::new();
    for settings in candidates {
        let misses = misses(inflated, settings, tokens, least.saturating_add(16));
        least = least.min(misses);
        tried.push((settings, misses));
    }
    let slack = least + least / 8;
    tried.retain(|&(_, misses)| misses <= slack);
    let whole = inflated.blocks.iter().map(|b| b.tokens.len()).sum::<usize>() > tokens;
    if tried.len() > 1 && whole {
        let mut least = usize::MAX;
        for (settings, misses) in &mut tried {
            *misses = self::misses(inflated, *settings, usize::MAX, least);
            least = least.min(*misses);
        }
    }
    let best = tried.iter().min_by_key(|t| t.1).copied();
    best.unwrap_or((
        Settings { level: 6, strategy: Strategy::Default, window: 15, hash: 15 },
        usize::MAX,
    ))
}

/// Tokens among the first `tokens` that are not what zlib would have written; stops at `most`.
fn misses(inflated: &Inflated, settings: Settings, tokens: usize, most: usize) -> usize {
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
