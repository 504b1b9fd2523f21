//! Text to streams and back, over slices (`spec.md`, sections 2 to 4).

use std::collections::HashMap;

use crate::form::{Form, Grid, form_of};

/// Stands in the text for a positive number, a negative one, and an energy.
const POSITIVE: u8 = 1;
const NEGATIVE: u8 = 2;
const ENERGY: u8 = 3;

/// Fewer numbers are not worth streams of their own.
const FEW: usize = 32;
/// The place of the energy among the numbers of a line, and how many there must be.
const E: usize = 3;
const WITH_ENERGY: usize = 5;
/// An energy that is further off is a number like any other.
const FAR: i64 = 1 << 40;

/// Whether a number is negative, and its place.
type Number = (bool, u64);

/// A block apart.
pub(crate) struct Split {
    pub(crate) form: Form,
    pub(crate) text: Vec<u8>,
    pub(crate) high: Vec<u8>,
    pub(crate) low: Vec<u8>,
    pub(crate) off: Vec<u8>,
}

/// Whether a byte can be part of a number.
fn numeric(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E')
}

/// A line in pieces: each a run of numeric bytes, a mark, or what stands between.
fn pieces(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.chunk_by(|&a, &b| {
        numeric(a) == numeric(b)
            && !(POSITIVE..=ENERGY).contains(&a)
            && !(POSITIVE..=ENERGY).contains(&b)
    })
}

/// The energy that follows from momentum and mass, as a place. Rounded alike everywhere: only
/// products, sums and a root of doubles.
fn energy(form: Form, numbers: &[Number]) -> Option<u64> {
    let [x, y, z, m] = [0, 1, 2, 4].map(|i| form.value(numbers[i].1));
    let squared = m * m;
    let mass = if numbers[4].0 { -squared } else { squared };
    form.nearest((x * x + y * y + z * z + mass).max(0.0).sqrt())
}

/// The form that most of a block's numbers have, if there are enough.
fn common_form(block: &[u8]) -> Option<Form> {
    let mut seen: HashMap<[u8; 2], (Form, usize)> = HashMap::new();
    // Zeros are of every form.
    let mut count = |token: &[u8]| {
        if token.len() > 8
            && token.iter().any(|c| (b'1'..=b'9').contains(c))
            && let Some(form) = form_of(token)
        {
            seen.entry(form.params()).or_insert((form, 0)).1 += 1;
        }
    };
    block.split(|&b| !numeric(b)).for_each(&mut count);
    let most = seen.values().max_by_key(|(form, n)| (*n, form.params()))?;
    let (form, n) = *most;
    // Some doubles are floats by chance, but no float is a double.
    let double = [0, form.digits];
    let doubles = seen.get(&double).map_or(0, |(_, n)| *n);
    let form = match form.grid {
        Grid::Single if doubles * 8 > n => Form {
            grid: Grid::Double,
            ..form
        },
        _ => form,
    };
    (n >= FEW).then_some(form)
}

/// Bytes of a block that are numbers of the form that most have.
pub(crate) fn numbers(block: &[u8]) -> usize {
    let Some(form) = common_form(block) else {
        return 0;
    };
    let tokens = block.split(|&b| !numeric(b));
    let own = tokens.filter(|token| form.read(token).is_some());
    own.map(<[u8]>::len).sum()
}

/// Takes a block apart; `None` where it is none of this kind.
pub(crate) fn split(block: &[u8]) -> Option<Split> {
    if block.iter().any(|b| (POSITIVE..=ENERGY).contains(b)) {
        return None;
    }
    let form = common_form(block)?;
    let mut times: HashMap<u64, u32> = HashMap::new();
    for token in block.split(|&b| !numeric(b)) {
        if let Some((_, place)) = form.read(token) {
            *times.entry(place).or_default() += 1;
        }
    }
    let mut split = Split {
        form,
        text: Vec::with_capacity(block.len() / 2),
        high: Vec::new(),
        low: Vec::new(),
        off: Vec::new(),
    };
    for line in block.split_inclusive(|&b| b == b'\n') {
        let parts: Vec<(&[u8], Option<Number>)> = pieces(line).map(|p| (p, form.read(p))).collect();
        let numbers: Vec<Number> = parts.iter().filter_map(|(_, n)| *n).collect();
        let right = match numbers.get(E) {
            Some(&(false, e)) if numbers.len() >= WITH_ENERGY => energy(form, &numbers)
                .map(|p| e.wrapping_sub(p) as i64)
                .filter(|off| (-FAR..FAR).contains(off)),
            _ => None,
        };
        let mut nth = 0;
        for (piece, number) in parts {
            let Some((negative, place)) = number else {
                split.text.extend_from_slice(piece);
                continue;
            };
            nth += 1;
            match right {
                Some(off) if nth == E + 1 => {
                    split.text.push(ENERGY);
                    put_off(off, &mut split.off);
                }
                // What occurs again is better found again as text.
                _ if times[&place] > 1 => split.text.extend_from_slice(piece),
                _ => {
                    split.text.push(if negative { NEGATIVE } else { POSITIVE });
                    put_place(form, place, &mut split.high, &mut split.low);
                }
            }
        }
    }
    Some(split)
}

/// Two bytes and the rest, the most significant first.
fn put_place(form: Form, place: u64, high: &mut Vec<u8>, low: &mut Vec<u8>) {
    let bytes = place.to_be_bytes();
    let start = 8 - form.low() - 2;
    high.extend_from_slice(&bytes[start..start + 2]);
    low.extend_from_slice(&bytes[start + 2..]);
}

/// Seven bits a byte, the lowest first, the sign in the lowest of all.
fn put_off(off: i64, out: &mut Vec<u8>) {
    let mut left = (off << 1 ^ off >> 63) as u64;
    while left >= 128 {
        out.push(left as u8 | 128);
        left >>= 7;
    }
    out.push(left as u8);
}

/// The streams that are read while a block is put together.
struct Sources<'a> {
    form: Form,
    high: &'a [u8],
    low: &'a [u8],
    off: &'a [u8],
}

impl Sources<'_> {
    fn place(&mut self) -> Option<u64> {
        let (high, rest) = self.high.split_at_checked(2)?;
        let (low, left) = self.low.split_at_checked(self.form.low())?;
        (self.high, self.low) = (rest, left);
        let add = |sum, &byte: &u8| sum << 8 | u64::from(byte);
        Some(high.iter().chain(low).fold(0, add))
    }

    fn off(&mut self) -> Option<i64> {
        let mut value = 0u64;
        for shift in (0..42).step_by(7) {
            let (&byte, rest) = self.off.split_first()?;
            self.off = rest;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        None
    }
}

/// Puts a block together, `len` bytes of it.
pub(crate) fn join(split: &Split, len: usize) -> Result<Vec<u8>, &'static str> {
    const ENDS: &str = "a stream of numbers ends too early";
    let form = split.form;
    let mut sources = Sources {
        form,
        high: &split.high,
        low: &split.low,
        off: &split.off,
    };
    let mut out = Vec::new();
    for line in split.text.split_inclusive(|&b| b == b'\n') {
        let parts: Vec<&[u8]> = pieces(line).collect();
        // All numbers but the energy first: it follows from them.
        let mut numbers = Vec::new();
        let mut places = Vec::with_capacity(parts.len());
        for part in &parts {
            let number = match part {
                [mark @ (POSITIVE | NEGATIVE)] => {
                    Some((*mark == NEGATIVE, sources.place().ok_or(ENDS)?))
                }
                [ENERGY] => Some((false, 0)),
                text => form.read(text),
            };
            places.push(number.is_some().then_some(numbers.len()));
            numbers.extend(number);
        }
        for (part, place) in parts.iter().zip(places) {
            let (negative, number) = match (part, place) {
                (&[POSITIVE | NEGATIVE], Some(nth)) => numbers[nth],
                (&[ENERGY], Some(E)) if numbers.len() >= WITH_ENERGY => {
                    let expected = energy(form, &numbers).ok_or("an energy does not follow")?;
                    let off = sources.off().ok_or(ENDS)?;
                    (false, expected.wrapping_add(off as u64))
                }
                (&[ENERGY], _) => return Err("an energy stands where none can be"),
                (text, _) => {
                    out.extend_from_slice(text);
                    continue;
                }
            };
            let written = form.write(negative, number, &mut out);
            written.ok_or("a number has no text")?;
        }
        if out.len() > len {
            return Err("the text is longer than the block");
        }
    }
    if !(sources.high.is_empty() && sources.low.is_empty() && sources.off.is_empty()) {
        return Err("a stream of numbers is too long");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("sample.hepmc");

    /// Numbers without end, the same each time.
    fn noise() -> impl FnMut() -> u64 {
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        }
    }

    #[test]
    fn the_sample_comes_apart_and_together() {
        let split = split(SAMPLE).unwrap();
        assert_eq!(
            split.form,
            Form {
                grid: Grid::Double,
                digits: 16
            }
        );
        // Every energy follows from the rest, to the last bits.
        let energies = split.text.iter().filter(|&&b| b == ENERGY).count();
        assert_eq!(energies, 48);
        assert_eq!(split.off.len(), energies);
        assert!(!split.text.windows(3).any(|w| w == b"e+0") || split.text.len() < SAMPLE.len() / 2);
        assert_eq!(join(&split, SAMPLE.len()).unwrap(), SAMPLE);
    }

    #[test]
    fn changed_texts_come_back_all_the_same() {
        let mut next = noise();
        for _ in 0..300 {
            let mut text = SAMPLE.to_vec();
            for _ in 0..next() % 40 {
                let place = next() as usize % text.len();
                let byte = b"0123456789eE.-+ \nx"[next() as usize % 18];
                match next() % 3 {
                    0 => text[place] = byte,
                    1 => text.insert(place, byte),
                    _ => drop(text.remove(place)),
                }
            }
            if let Some(split) = split(&text) {
                assert!(join(&split, text.len()).unwrap() == text);
            }
        }
    }

    #[test]
    fn decimals_and_floats_come_back() {
        let mut next = noise();
        let mut lhe = String::new();
        let mut floats = String::new();
        for _ in 0..60 {
            let mut v = || (next() % 1_000_000_007) as f64 / 1e6 - 500.0;
            let (x, y, z) = (v(), v(), v());
            let e = (x * x + y * y + z * z).sqrt();
            lhe += " 21 1 3 3 501 502";
            floats += "P 1 0 22";
            for value in [x, y, z, e, 0.0] {
                let sign = if value < 0.0 { "-" } else { " " };
                let form = Form {
                    grid: Grid::Decimal,
                    digits: 11,
                };
                let mut text = Vec::new();
                form.write(
                    false,
                    form.nearest(value.abs()).unwrap_or(100 << 40),
                    &mut text,
                );
                lhe += &format!(" {sign}{}", String::from_utf8(text).unwrap());
                let text = format!("{:.16e}", f64::from(value as f32));
                let (m, x) = text.split_once('e').unwrap();
                floats += &format!(" {m}e{:+03}", x.parse::<i32>().unwrap());
            }
            lhe += " 0. 1.\n";
            floats += " 1\n";
        }
        for (text, grid) in [(lhe, Grid::Decimal), (floats, Grid::Single)] {
            let split = split(text.as_bytes()).unwrap();
            assert_eq!(split.form.grid, grid);
            assert_eq!(join(&split, text.len()).unwrap(), text.as_bytes());
            assert!(split.text.contains(&ENERGY), "{grid:?}");
        }
    }

    #[test]
    fn no_streams_make_it_panic() {
        let mut next = noise();
        let good = split(SAMPLE).unwrap();
        for round in 0..2000 {
            let mut bad = Split {
                form: good.form,
                text: good.text.clone(),
                high: good.high.clone(),
                low: good.low.clone(),
                off: good.off.clone(),
            };
            if round % 4 == 0 {
                bad.form =
                    Form::from_params(&[round as u8 / 4 % 3, 1 + next() as u8 % 12]).unwrap();
            }
            let stream = [&mut bad.text, &mut bad.high, &mut bad.low, &mut bad.off];
            for stream in stream {
                for _ in 0..next() % 3 {
                    let place = next() as usize % stream.len();
                    match next() % 3 {
                        0 => stream[place] = next() as u8 % 8,
                        1 => stream[place] = next() as u8,
                        _ => stream.truncate(place.max(1)),
                    }
                }
            }
            if let Ok(text) = join(&bad, SAMPLE.len()) {
                assert!(text.len() <= SAMPLE.len());
            }
        }
    }
}
