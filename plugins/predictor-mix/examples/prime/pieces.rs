//! Small files: cut out of large ones, with what the planner and the network say of them.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use umoec_adapter_bytes::find_strides;
use umoec_codec::plugin::{Layout, Model, Predictor, Settings};
use umoec_codec::{Limits, Result};
use umoec_predictor_cm::Cm;
use umoec_predictor_onnx::{EMBEDDED, Network};

/// A small file.
pub(crate) struct Piece {
    /// The folder it is from.
    pub(crate) family: String,
    /// The size that was asked for: members of archives have about that.
    pub(crate) size: usize,
    pub(crate) data: Vec<u8>,
    /// The planner's choice among the models of profile `max`.
    pub(crate) params: Vec<u8>,
    /// What the embedded network says before each byte.
    pub(crate) advice: Vec<[u32; 256]>,
}

/// The same choice in each run (xorshift, Marsaglia 2003).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// FNV-1a, which seeds and names.
fn hash(bytes: &[u8]) -> u64 {
    let step = |h: u64, &b: &u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

/// Calls `work` for all numbers below `count`, on two threads.
pub(crate) fn parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= count {
                        return;
                    }
                    let result = (i, work(i));
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(result);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The pieces that the lines of `list` ask for.
pub(crate) fn read(
    folder: &Path,
    list: &Path,
    cache: &Path,
) -> std::result::Result<Vec<Piece>, Box<dyn Error>> {
    let mut cut = Vec::new();
    let lines = std::fs::read_to_string(list)?;
    for line in lines.lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, count, sizes] = words[..] else {
            return Err(format!("not a name, a number and sizes: {line}").into());
        };
        let data = std::fs::read(folder.join(name))?;
        let family = name.split('/').next().unwrap_or(name);
        let mut random = Random(hash(name.as_bytes()) | 1);
        for size in sizes.split(',') {
            let size = size.parse()?;
            let own = match name.ends_with(".tar") {
                true => members(&data, size, count.parse()?, &mut random),
                false => parts(&data, size, count.parse()?, &mut random),
            };
            cut.extend(own.into_iter().map(|data| (family.to_owned(), size, data)));
        }
    }
    std::fs::create_dir_all(cache)?;
    let network = vec![Model::linked(&EMBEDDED[0])];
    let pieces = parallel(cut.len(), |i| {
        let (family, size, data) = &cut[i];
        let (params, advice) = told(data, &network, cache)?;
        Ok(Piece {
            family: family.clone(),
            size: *size,
            data: data.clone(),
            params,
            advice,
        })
    });
    Ok(pieces?)
}

/// Parts of a file: the first is its beginning; others of texts begin with a line, of other data at a multiple of 4 bytes.
fn parts(data: &[u8], size: usize, count: usize, random: &mut Random) -> Vec<Vec<u8>> {
    if data.len() < size {
        return Vec::new();
    }
    let part = |number| {
        let last = data.len() - size;
        let mut at = if number == 0 {
            0
        } else {
            random.below(last + 1) & !3
        };
        let near = &data[at..(at + 400).min(last)];
        if let (true, Some(end)) = (at > 0, near.iter().position(|&c| c == b'\n')) {
            at += end + 1;
        }
        data[at..at + size].to_vec()
    };
    (0..count).map(part).collect()
}

/// Members of an archive (tar) whose length is about `size`.
fn members(data: &[u8], size: usize, count: usize, random: &mut Random) -> Vec<Vec<u8>> {
    let (mut fit, mut at) = (Vec::new(), 0);
    while let Some(header) = data.get(at..at + 512).filter(|h| h[0] != 0) {
        let octal = header[124..135]
            .iter()
            .filter(|c| (b'0'..=b'7').contains(c));
        let len = octal.fold(0, |n, c| 8 * n + usize::from(c - b'0'));
        let member = data.get(at + 512..at + 512 + len);
        let about = (size * 2 / 3..size * 3 / 2).contains(&len);
        if let (b'0' | 0, Some(member), true) = (header[156], member, about) {
            fit.push(member);
        }
        at += 512 + len.next_multiple_of(512);
    }
    let count = if fit.is_empty() { 0 } else { count };
    (0..count)
        .map(|_| fit[random.below(fit.len())].to_vec())
        .collect()
}

/// The planner's choice and the network's opinions, from the cache where it has them.
fn told(data: &[u8], network: &[Arc<Model>], cache: &Path) -> Result<(Vec<u8>, Vec<[u32; 256]>)> {
    let file = cache.join(format!("{:016x}", hash(data)));
    let known = std::fs::read(&file).ok().and_then(|known| {
        let (len, rest) = known.split_first()?;
        let (params, opinions) = rest.split_at_checked(usize::from(*len))?;
        (opinions.len() == 1024 * data.len()).then(|| (params.to_vec(), opinions.to_vec()))
    });
    let (params, opinions) = match known {
        Some(known) => known,
        None => {
            let models = "models = ['deep-text', 'deep-record', 'deep-machine', 'deep-grid']";
            let settings: Settings = toml::from_str(models).unwrap_or_default();
            let layout = Layout {
                strides: find_strides(data),
                number: None,
            };
            let params = Cm.plan(data, &layout, &settings)?;
            let opinions = opinions(data, network)?;
            let mut known = vec![params.len() as u8];
            known.extend_from_slice(&params);
            known.extend_from_slice(&opinions);
            // Without a cache it is only slower.
            let _ = std::fs::write(&file, &known);
            (params, opinions)
        }
    };
    let number = |b: &[u8; 4]| u32::from_le_bytes(*b);
    let opinion = |b: &[u8; 1024]| {
        let numbers = b.as_chunks::<4>().0;
        std::array::from_fn(|i| number(&numbers[i]))
    };
    Ok((
        params,
        opinions.as_chunks::<1024>().0.iter().map(opinion).collect(),
    ))
}

/// 256 numbers of 32 bits for each byte.
fn opinions(data: &[u8], network: &[Arc<Model>]) -> Result<Vec<u8>> {
    let limits = Limits {
        memory: u64::MAX,
        output: u64::MAX,
    };
    let params = Network::plan(data, &Settings::new(), network, 100)?;
    let mut running = Network::open(&params, network, &limits)?.start()?;
    let mut out = Vec::with_capacity(1024 * data.len());
    let mut last = None;
    for &byte in data {
        let weights = running.next(last)?;
        out.extend(weights.iter().flat_map(|w| w.to_le_bytes()));
        last = Some(byte);
    }
    Ok(out)
}
