//! The coder in plain arithmetic: slow, obvious, and the truth.
//!
//! It follows `spec.md` line by line, over lists of intervals instead of a predictor's
//! questions. The fast path must produce the same bytes; tests hold the two together.

use umoec_codec::probability::{Interval, TOTAL};

use crate::LOWER_BOUND;

/// Codes one interval: the new state, and the word that had to leave first (section 6).
///
/// The interval must be one of `spec/probability.md`: `1 <= size < TOTAL`.
#[must_use]
pub fn push(state: u64, interval: Interval) -> (u64, Option<u32>) {
    let (start, size, total) = (
        u64::from(interval.start),
        u64::from(interval.size),
        u64::from(TOTAL),
    );
    let (state, word) = if state >= size << 48 {
        (state >> 32, Some(state as u32))
    } else {
        (state, None)
    };
    ((state / size) * total + start + state % size, word)
}

/// The count that the next decision is read from (section 4).
#[must_use]
pub fn peek(state: u64) -> u32 {
    (state % u64::from(TOTAL)) as u32
}

/// The state after the decision whose interval is `interval`, before a word is taken in.
#[must_use]
pub fn pop(state: u64, interval: Interval) -> u64 {
    let total = u64::from(TOTAL);
    u64::from(interval.size) * (state / total) + state % total - u64::from(interval.start)
}

/// The payload of `decisions` with `n` states and chunks of `chunk` decisions.
#[must_use]
pub fn encode(decisions: &[Interval], n: usize, chunk: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    let count = decisions.len().div_ceil(chunk);
    for (number, decisions) in decisions.chunks(chunk).enumerate() {
        let last = number + 1 == count;
        let mut states = vec![if n == 1 && last { 0 } else { LOWER_BOUND }; n];
        let mut words = Vec::new();
        for (i, &interval) in decisions.iter().enumerate().rev() {
            let (state, word) = push(states[i % n], interval);
            states[i % n] = state;
            words.extend(word);
        }
        for state in states {
            payload.extend(state.to_le_bytes());
        }
        if number == 0 && n == 1 {
            while payload.last() == Some(&0) {
                payload.pop();
            }
        }
        for word in words.iter().rev() {
            payload.extend(word.to_le_bytes());
        }
    }
    payload
}

/// The intervals of `count` decisions, where `choose` names the one that holds a count;
/// `None` where the payload is damaged.
#[must_use]
pub fn decode(
    payload: &[u8],
    n: usize,
    chunk: usize,
    count: usize,
    mut choose: impl FnMut(u32) -> Interval,
) -> Option<Vec<Interval>> {
    let mut rest = payload;
    let mut states = Vec::new();
    let mut decisions = Vec::new();
    for number in 0..count {
        let i = number % chunk;
        if i == 0 {
            if states.iter().any(|&state| state != LOWER_BOUND) {
                return None;
            }
            states = (0..n)
                .map(|_| {
                    let first = number == 0 && n == 1;
                    let bytes = take(&mut rest, if first { first_len(payload.len()) } else { 8 })?;
                    if first && bytes.last() == Some(&0) {
                        return None;
                    }
                    Some(bytes.iter().rev().fold(0, |x, &b| x << 8 | u64::from(b)))
                })
                .collect::<Option<_>>()?;
            let small = states.iter().any(|&state| state < LOWER_BOUND);
            if small && !(n == 1 && rest.is_empty()) {
                return None;
            }
        }
        let state = &mut states[i % n];
        let interval = choose(peek(*state));
        *state = pop(*state, interval);
        if *state < LOWER_BOUND {
            if let Some(word) = take(&mut rest, 4) {
                let word = word.iter().rev().fold(0, |x, &b| x << 8 | u64::from(b));
                *state = *state << 32 | word;
            } else if n > 1 {
                return None;
            }
        }
        decisions.push(interval);
    }
    let end = if n == 1 { 0 } else { LOWER_BOUND };
    (rest.is_empty() && states.iter().all(|&state| state == end)).then_some(decisions)
}

/// Length in bytes of the first state in a payload of `len` bytes, with one state (section 3).
#[must_use]
pub fn first_len(len: usize) -> usize {
    if len <= 8 { len } else { 5 + (len - 5) % 4 }
}

/// Splits `len` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}
