//! Bytes whose neighbours say little of each other, such as a network's weights, packed by how often each occurs (spec umc
//! §5.7.1): pieces with a table of frequencies each, coded by four interleaved range asymmetric numeral systems (Duda
//! 2013; the layout follows Giesen 2014). A byte is unpacked by one look-up and one multiplication, so that a model that is linked into a
//! program can lie there packed.
//!
//! This file names nothing outside itself: build scripts that pack what they embed include it by its path.

/// log2 of what the frequencies of a piece add up to.
const SCALE: u32 = 12;
/// What they add up to.
const TOTAL: usize = 1 << SCALE;
/// Least value of a state, and its value before the first byte is coded.
const LOWEST: u32 = 1 << 16;
/// States, each for every fourth byte.
const STATES: usize = 4;
/// Bytes that the packer looks at as one before it joins neighbours.
const BLOCK: usize = 2048;
/// What is set aside at once for unpacked bytes, whatever length is claimed.
const AT_ONCE: usize = 1 << 20;

/// How often each byte occurs.
type Counts = [u32; 256];
/// Frequencies that add up to [`TOTAL`].
type Frequencies = [u16; 256];

/// `bytes` in pieces.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    for length in pieces(bytes) {
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        let frequencies = scaled(&counted(piece));
        out.extend((length as u32).to_le_bytes());
        put_frequencies(&mut out, &frequencies);
        put_piece(&mut out, piece, &frequencies);
    }
    out
}

/// The `length` bytes that `packed` holds.
///
/// # Errors
/// What is wrong with `packed`.
pub fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(length.min(AT_ONCE));
    let mut from = Reader { rest: packed };
    while out.len() < length {
        let piece = u32::from_le_bytes(from.array()?) as usize;
        if piece == 0 || piece > length - out.len() {
            return Err("a piece is empty, or goes beyond the length");
        }
        let slots = slots(&from.frequencies()?);
        from.piece(&mut out, piece, &slots)?;
    }
    match from.rest {
        [] => Ok(out),
        _ => Err("there is more than the length says"),
    }
}

fn counted(bytes: &[u8]) -> Counts {
    let mut counts = [0; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    counts
}

/// Bytes that a piece takes, about.
fn cost(counts: &Counts) -> f64 {
    let total = f64::from(counts.iter().sum::<u32>());
    let occurring = counts.iter().filter(|&&count| count > 0);
    let bits = occurring.clone().map(|&count| {
        let count = f64::from(count);
        count * (total / count).log2()
    });
    // A byte or two for each frequency, four for the length, sixteen for the states.
    bits.sum::<f64>() / 8.0 + 1.1 * occurring.count() as f64 + 24.0
}

/// Lengths of pieces: neighbours are joined where that makes them smaller together.
fn pieces(bytes: &[u8]) -> Vec<usize> {
    let mut pieces: Vec<(usize, Counts, f64)> = Vec::new();
    for block in bytes.chunks(BLOCK) {
        let counts = counted(block);
        pieces.push((block.len(), counts, cost(&counts)));
        while let [
            ..,
            (len, counts, cost_of),
            (last_len, last_counts, last_cost),
        ] = &pieces[..]
        {
            let length = len + last_len;
            let mut joined = *counts;
            joined
                .iter_mut()
                .zip(last_counts)
                .for_each(|(a, b)| *a += b);
            let together = cost(&joined);
            // Lengths and counts have 32 bits.
            if together >= cost_of + last_cost || length > u32::MAX as usize {
                break;
            }
            pieces.truncate(pieces.len() - 2);
            pieces.push((length, joined, together));
        }
    }
    pieces.into_iter().map(|(length, _, _)| length).collect()
}

/// Frequencies in the ratios of `counts`, none zero that occurs.
fn scaled(counts: &Counts) -> Frequencies {
    let total = u64::from(counts.iter().sum::<u32>());
    let mut frequencies: Frequencies = counts.map(|count| {
        let share = (u64::from(count) * TOTAL as u64 + total / 2) / total;
        share.max(u64::from(count > 0)) as u16
    });
    // What rounding brought too much, or too little, is the most frequent one's: it feels it least.
    loop {
        let sum: usize = frequencies.iter().map(|&f| usize::from(f)).sum();
        if sum == TOTAL {
            return frequencies;
        }
        let Some(most) = frequencies.iter_mut().max() else {
            return frequencies;
        };
        match sum < TOTAL {
            true => *most += (TOTAL - sum) as u16,
            false => *most -= 1,
        }
    }
}

/// A number of less than 128 is one byte, a greater one two; a zero is followed by how many more there are.
fn put_frequencies(out: &mut Vec<u8>, frequencies: &Frequencies) {
    let mut at = 0;
    while at < frequencies.len() {
        let frequency = frequencies[at];
        at += 1;
        match frequency {
            0 => {
                let more = frequencies[at..].iter().take_while(|&&f| f == 0).count();
                out.extend([0, more as u8]);
                at += more;
            }
            1..128 => out.push(frequency as u8),
            _ => out.extend([0x80 | (frequency >> 8) as u8, frequency as u8]),
        }
    }
}

/// The states and words of one piece: coded backwards, as what a state takes in last comes out first.
fn put_piece(out: &mut Vec<u8>, piece: &[u8], frequencies: &Frequencies) {
    let mut starts = [0u32; 256];
    let mut sum = 0;
    for (start, &frequency) in starts.iter_mut().zip(frequencies) {
        *start = sum;
        sum += u32::from(frequency);
    }
    let mut states = [LOWEST; STATES];
    let mut words: Vec<u16> = Vec::with_capacity(piece.len() / 2);
    for (i, &byte) in piece.iter().enumerate().rev() {
        let (state, byte) = (&mut states[i % STATES], usize::from(byte));
        let frequency = u32::from(frequencies[byte]);
        if u64::from(*state) >= u64::from(frequency) << (32 - SCALE) {
            words.push(*state as u16);
            *state >>= 16;
        }
        *state = ((*state / frequency) << SCALE) + *state % frequency + starts[byte];
    }
    out.extend(states.iter().flat_map(|state| state.to_le_bytes()));
    out.extend(words.iter().rev().flat_map(|word| word.to_le_bytes()));
}

/// What a state's lowest bits stand for.
#[derive(Clone, Copy, Default)]
struct Slot {
    byte: u8,
    frequency: u16,
    /// Distance to the first slot of the byte.
    offset: u16,
}

fn slots(frequencies: &Frequencies) -> [Slot; TOTAL] {
    let mut slots = [Slot::default(); TOTAL];
    let mut rest = &mut slots[..];
    for (byte, &frequency) in frequencies.iter().enumerate() {
        let (own, behind) = rest.split_at_mut(usize::from(frequency));
        rest = behind;
        for (offset, slot) in own.iter_mut().enumerate() {
            *slot = Slot {
                byte: byte as u8,
                frequency,
                offset: offset as u16,
            };
        }
    }
    slots
}

/// What has not been read yet.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (first, rest) = self.rest.split_first_chunk().ok_or("it ends too early")?;
        self.rest = rest;
        Ok(*first)
    }

    fn frequencies(&mut self) -> Result<Frequencies, &'static str> {
        let mut frequencies = [0; 256];
        let mut at = 0;
        while at < frequencies.len() {
            let [first] = self.array()?;
            match first {
                0 => {
                    let [more] = self.array()?;
                    at += usize::from(more);
                }
                1..128 => frequencies[at] = u16::from(first),
                _ => {
                    let [second] = self.array()?;
                    frequencies[at] = u16::from(first & 0x7f) << 8 | u16::from(second);
                    if frequencies[at] < 128 {
                        return Err("a frequency has two bytes and needs one");
                    }
                }
            }
            at += 1;
        }
        let sum: usize = frequencies.iter().map(|&f| usize::from(f)).sum();
        match (at, sum) {
            (256, TOTAL) => Ok(frequencies),
            _ => Err("the frequencies are not 256, or add up to something else"),
        }
    }

    fn piece(
        &mut self,
        out: &mut Vec<u8>,
        length: usize,
        slots: &[Slot; TOTAL],
    ) -> Result<(), &'static str> {
        let mut states = [0; STATES];
        for state in &mut states {
            *state = u32::from_le_bytes(self.array()?);
            if *state < LOWEST {
                return Err("a state is too small");
            }
        }
        let mut next = |state: &mut u32| -> Result<u8, &'static str> {
            let slot = slots[*state as usize % TOTAL];
            *state = u32::from(slot.frequency) * (*state >> SCALE) + u32::from(slot.offset);
            if *state < LOWEST {
                *state = *state << 16 | u32::from(u16::from_le_bytes(self.array()?));
            }
            Ok(slot.byte)
        };
        let mut fours = [0; STATES];
        for _ in 0..length / STATES {
            for (byte, state) in fours.iter_mut().zip(&mut states) {
                *byte = next(state)?;
            }
            out.extend_from_slice(&fours);
        }
        for state in &mut states[..length % STATES] {
            out.push(next(state)?);
        }
        match states {
            [LOWEST, LOWEST, LOWEST, LOWEST] => Ok(()),
            _ => Err("a piece does not end as it began"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes of `spread` values around `middle`, both changing along the way, as a network's weights do.
    fn weights(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        let spreads: Vec<u32> = (0..=length / 5000).map(|_| 1 + draw() % 60).collect();
        (0..length)
            .map(|i| {
                let spread = spreads[i / 5000];
                let sum: u32 = (0..4).map(|_| draw() % spread).sum();
                (128 + sum - 2 * spread) as u8
            })
            .collect()
    }

    #[test]
    fn weights_take_little_more_than_their_entropy() {
        let bytes = weights(1, 200_000);
        let packed = pack(&bytes);
        assert_eq!(unpack(&packed, bytes.len()).unwrap(), bytes);
        let parts = bytes.chunks(5000).map(|part| {
            let counts = counted(part);
            let bits = counts
                .iter()
                .filter(|&&n| n > 0)
                .map(|&n| f64::from(n) * (5000.0 / f64::from(n)).log2());
            bits.sum::<f64>() / 8.0
        });
        let least: f64 = parts.sum();
        // Tables and states of forty parts that are all different, and cuts that fall into blocks of 2 KiB.
        assert!(
            (packed.len() as f64) < 1.04 * least + 40.0 * 100.0,
            "{} {least}",
            packed.len()
        );
        assert!(pieces(&bytes).len() > 20);
    }

    #[test]
    fn one_byte_often_takes_a_few() {
        for length in [1, 3, 4, 5, 1_000_000] {
            let packed = pack(&vec![9; length]);
            assert!(packed.len() < 32, "{}", packed.len());
            assert_eq!(unpack(&packed, length).unwrap(), vec![9; length]);
        }
        assert_eq!(pack(b""), b"");
        assert_eq!(unpack(b"", 0).unwrap(), b"");
    }

    #[test]
    fn lengths_that_are_not_true_are_refused() {
        let packed = pack(&[9; 1000]);
        for length in [0, 999, 1001, usize::MAX] {
            assert!(unpack(&packed, length).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..10_000)) {
            prop_assert_eq!(unpack(&pack(&bytes), bytes.len()).unwrap(), bytes);
        }

        #[test]
        fn what_changed_anywhere_never_unpacks_to_the_same(
            length in 1usize..5000, seed: u64, at: prop::sample::Index, bit in 0u32..8,
        ) {
            let bytes = weights(seed, length);
            let mut packed = pack(&bytes);
            let at = at.index(packed.len());
            packed[at] ^= 1 << bit;
            prop_assert_ne!(unpack(&packed, length), Ok(bytes.clone()));
            prop_assert!(unpack(&packed[..at], length).is_err());
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), length in 0usize..100_000) {
            if let Ok(out) = unpack(&bytes, length) {
                prop_assert_eq!(out.len(), length);
            }
        }
    }
}
