//! How much of a stream repeats what it said before. Not part of the format: it helps to choose lanes.

/// Slots of the table of places, 2^18: one MiB.
const SLOT_BITS: u32 = 18;
/// Multiplier of the rolling hash, 2^64 divided by the golden ratio (Knuth, TAOCP vol. 3, section 6.4).
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Percent of the positions whose last `least` bytes stood in `data` before, as far as a small table remembers.
pub(crate) fn repeated(data: &[u8], least: usize) -> u64 {
    let mut places = vec![0u32; 1 << SLOT_BITS];
    // What the byte that leaves the window counts.
    let leaves = (0..least).fold(1u64, |power, _| power.wrapping_mul(FACTOR));
    let (mut hash, mut found) = (0u64, 0);
    for (at, &byte) in data.iter().enumerate() {
        hash = hash.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1);
        if let Some(before) = at.checked_sub(least) {
            hash = hash.wrapping_sub(leaves.wrapping_mul(u64::from(data[before]) + 1));
        }
        let end = at + 1;
        if end < least {
            continue;
        }
        let place = &mut places[(hash.wrapping_mul(FACTOR) >> (64 - SLOT_BITS)) as usize];
        let last = *place as usize;
        // Blocks are below 4 GiB; a place further on would only be missed.
        *place = end as u32;
        if last >= least && data[last - least..last] == data[end - least..end] {
            found += 1;
        }
    }
    100 * found / data.len().max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each position, whether the bytes before it stand anywhere before.
    fn slowly(data: &[u8], least: usize) -> u64 {
        let repeats = |end: &usize| {
            let window = &data[end - least..*end];
            data[..end - 1].windows(least).any(|other| other == window)
        };
        let found = (least..=data.len()).filter(repeats).count() as u64;
        100 * found / data.len().max(1) as u64
    }

    #[test]
    fn it_counts_what_a_search_finds() {
        let mut state = 1u32;
        let mut noise = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let noise: Vec<u8> = (0..700).map(&mut noise).collect();
        let half = [&noise[..], &noise[..]].concat();
        let some = [&noise[..], b"something else", &noise[100..400]].concat();
        for data in [&noise[..], &half, &some, &[7; 300], b"short", b""] {
            assert_eq!(repeated(data, 32), slowly(data, 32));
        }
        assert_eq!(repeated(&noise, 32), 0);
        assert!(repeated(&half, 32) > 45 && repeated(&[7; 3000], 32) > 95);
    }
}
