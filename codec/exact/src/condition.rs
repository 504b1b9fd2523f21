//! Statistics of a whole stream, as small integers: what a network may be told of a stream before
//! its first byte.
//!
//! The trainer computes them from each stream that it draws, an encoder from the one that it codes, whose parameters carry
//! them (`tier1-onnx` and `mix`). They reach a step graph by its input `condition` (`spec/numerics.md`, sections 5.1
//! and 9). Integers alone decide them, so that every machine finds the same ones; a decoder need not find them at all.
//!
//! With `N` the length of the stream in bytes, [`statistics`] gives, each from 0 to 255:
//!
//! | index | what | unit |
//! |--:|---|---|
//! | 0 .. 9 | share of the bytes of each [`class`] | 1/255 of `N` |
//! | 10 | entropy of the bytes, order 0 | 1/32 bit |
//! | 11, 12, 13 | entropy of `b[i] - b[i - d] mod 256` for `d` = 1, 2, 4 | 1/32 bit |
//! | 14 | repeats: positions whose next four bytes stood before | 1/255 of `N - 3` |
//! | 15 | `log2 N`; 255 from 64 KiB on | 1/16 |
//!
//! All are 0 where there is nothing to count. The last one stops at 64 KiB because networks are trained on
//! streams of about that length at most, and what a linear map makes of greater numbers would be a guess.
//!
//! * A **share** of `n` in `N` is `floor((255 n + floor(N / 2)) / N)`.
//! * **log2**, `L(n)` for `n >= 1`, is in units of 2^-12: with `e = floor(log2 n)` let
//!   `m = floor(n 2^31 / 2^e)`; twelve times over, `m` becomes `floor(m m / 2^31)`, which gives a bit: 1 if it is 2^32 or
//!   more, when it is halved, rounded down; else 0. `L(n) = 2^12 e` plus the number that the bits make, the first one foremost.
//! * The **entropy** of counts `n[0..256]` with sum `M` is `(M L(M) - sum of n[i] L(n[i])) / M / 128`, rounded down
//!   once, and 255 if it is more.
//! * **Repeats** are found with a table of 2^14 places: `w` being four bytes as a little-endian number, its place is
//!   `floor((2654435761 w mod 2^32) / 2^18)`. From the first position to the last, a position is a repeat if its `w` is what
//!   its place holds; then its place holds its `w`.

/// How many statistics there are.
pub const STATISTICS: usize = 16;

/// The place of the haste in a condition of so many values; `None` where there is none.
///
/// A network with early exits is told how hasty it is to be, 0 to 255, alone or behind the statistics
/// (`spec/numerics.md`, section 9.1).
#[must_use]
pub const fn haste_at(values: usize) -> Option<usize> {
    match values {
        1 => Some(0),
        n if n == STATISTICS + 1 => Some(STATISTICS),
        _ => None,
    }
}

/// What an encoder tells a network whose condition has so many values, of the stream `data` and with that haste; `None`
/// where it is none of those that are known.
#[must_use]
pub fn told(values: usize, data: &[u8], haste: u8) -> Option<Vec<u8>> {
    let haste = haste_at(values).map(|_| haste);
    match values - usize::from(haste.is_some()) {
        0 => Some(haste.into_iter().collect()),
        STATISTICS => Some(statistics(data).into_iter().chain(haste).collect()),
        _ => None,
    }
}

/// How many classes of bytes there are.
pub const CLASSES: usize = 10;

/// Distances at which differences are taken.
const LAGS: [usize; 3] = [1, 2, 4];
/// log2 of the places for repeats.
const PLACES: u32 = 14;

/// The class of a byte: 0 lower-case letters, 1 upper-case letters, 2 digits, 3 space and tab, 4 line feed and carriage
/// return, 5 other printable ASCII, 6 zero, 7 other ASCII, 8 from 0x80 and 9 from 0xC0 on (in UTF-8, continuation
/// and lead bytes).
#[must_use]
pub const fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        b' ' | b'\t' => 3,
        b'\n' | b'\r' => 4,
        0x21..=0x7e => 5,
        0 => 6,
        0x01..=0x7f => 7,
        0x80..=0xbf => 8,
        0xc0..=0xff => 9,
    }
}

/// The statistics of a stream, in the order and the units of the module's table.
///
/// ```
/// use umoec_exact::condition::statistics;
///
/// let of = statistics(b"abcdabcd");
/// assert_eq!(of[0], 255, "lower-case letters alone");
/// assert_eq!(of[10], 64, "four letters, equally often: two bits");
/// assert_eq!(of[11..14], [18, 29, 0], "1, but once -3; 2, but twice of six -2; 0");
/// assert_eq!(of[14], 51, "one of five positions has abcd a second time");
/// assert_eq!(of[15], 48, "eight bytes");
/// ```
#[must_use]
pub fn statistics(bytes: &[u8]) -> [u8; STATISTICS] {
    let mut found = [0; STATISTICS];
    let len = bytes.len() as u64;
    if len == 0 {
        return found;
    }
    let counts = histogram(bytes.iter().copied());
    let mut classes = [0; CLASSES];
    for (byte, &count) in (0..=255).zip(&counts) {
        classes[usize::from(class(byte))] += count;
    }
    let (shares, rest) = found.split_at_mut(CLASSES);
    for (share, count) in shares.iter_mut().zip(classes) {
        *share = share_of(count, len);
    }
    rest[0] = entropy(&counts);
    for (at, lag) in LAGS.into_iter().enumerate() {
        let later = bytes.iter().skip(lag).zip(bytes);
        rest[1 + at] = entropy(&histogram(later.map(|(b, a)| b.wrapping_sub(*a))));
    }
    rest[4] = share_of(repeats(bytes), len.saturating_sub(3));
    rest[5] = (log2(len) >> 8).min(255) as u8;
    found
}

fn share_of(count: u64, len: u64) -> u8 {
    // In 128 bits no length overflows.
    let share = (u128::from(count) * 255 + u128::from(len / 2)).checked_div(len.into());
    share.unwrap_or(0).min(255) as u8
}

fn histogram(bytes: impl Iterator<Item = u8>) -> [u64; 256] {
    let mut counts = [0; 256];
    for byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    counts
}

/// `L(n)`, in units of 2^-12. It never falls from one `n` to the next, so an entropy is never negative.
fn log2(n: u64) -> u64 {
    let Some(whole) = n.checked_ilog2() else {
        return 0;
    };
    let mut mantissa = (u128::from(n) << 31 >> whole) as u64;
    let mut log = u64::from(whole);
    for _ in 0..12 {
        mantissa = (mantissa * mantissa) >> 31;
        let bit = mantissa >> 32;
        mantissa >>= bit;
        log = log << 1 | bit;
    }
    log
}

fn entropy(counts: &[u64; 256]) -> u8 {
    let of = |n: u64| u128::from(n) * u128::from(log2(n));
    let total: u64 = counts.iter().sum();
    let bits = of(total) - counts.iter().map(|&n| of(n)).sum::<u128>();
    let units = bits.checked_div(u128::from(total) << 7);
    units.unwrap_or(0).min(255) as u8
}

fn repeats(bytes: &[u8]) -> u64 {
    // No number of four bytes is as large as what an empty place holds.
    let mut places = vec![u64::MAX; 1 << PLACES];
    let mut repeats = 0;
    for four in bytes.windows(4) {
        let word = four.iter().rev().fold(0u32, |w, &b| w << 8 | u32::from(b));
        let place = &mut places[(word.wrapping_mul(2_654_435_761) >> (32 - PLACES)) as usize];
        repeats += u64::from(*place == u64::from(word));
        *place = word.into();
    }
    repeats
}

#[cfg(test)]
mod tests;
