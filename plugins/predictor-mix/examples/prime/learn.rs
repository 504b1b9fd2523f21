//! Learning what to begin with.

use umoec_codec::Result;
use umoec_predictor_cm::training::{Begin, Learned, Shape, code, shape};

use crate::pieces::{Piece, Random, parallel};

/// Passes over all pieces, and how far the weights follow a piece at first and in the end.
const PASSES: usize = 2;
const FOLLOW: [f32; 2] = [0.32, 0.02];
/// Pieces that begin alike.
const BATCH: usize = 4;

/// What was learned.
pub(crate) struct Trained {
    pub(crate) shape: Shape,
    /// One counter for each state and for each count of a run.
    pub(crate) states: [u32; 256],
    pub(crate) runs: [u32; 16],
    /// Weights as in [`Learned::weights`].
    pub(crate) weights: [Vec<f32>; 2],
    /// By how many pieces each row was changed.
    pub(crate) changed: [Vec<f32>; 2],
}

/// Learns from pieces, each with its parameters. The counters are fitted to what they were at the end of each piece; the
/// weights follow, piece by piece, what they became (Reptile: Nichol, Achiam, Schulman, "On first-order meta-learning
/// algorithms", 2018).
pub(crate) fn learn(pieces: &[&Piece], params: &[Vec<u8>], advised: bool) -> Result<Trained> {
    let run = |i: usize, begin: &Begin<'_>| {
        let advice = advised.then_some(&pieces[i].advice[..]);
        code(&params[i], &pieces[i].data, advice, u32::MAX, begin)
    };
    let advice = advised.then_some(&[][..]);
    let (_, fresh) = code(&params[0], &[], advice, u32::MAX, &Begin::Flat)?;
    let ends = parallel(pieces.len(), |i| {
        let end = run(i, &Begin::Flat)?.1;
        Ok((end.states, end.runs))
    })?;
    let states = std::array::from_fn(|s| {
        let all = ends
            .iter()
            .flat_map(|(states, _)| states.iter().map(|c| c[s]));
        fit(fresh.states[0][s], &all.collect::<Vec<_>>())
    });
    let runs = std::array::from_fn(|n| {
        let all = ends.iter().flat_map(|(_, runs)| runs.iter().map(|c| c[n]));
        let fresh = fresh.runs.first().map_or(49_152 << 16, |c| c[n]);
        fit(fresh, &all.collect::<Vec<_>>())
    });
    drop(ends);

    let shape = shape(&params[0], advised)?;
    let widths = [shape.width, 16];
    let mut trained = Trained {
        states,
        runs,
        weights: fresh
            .weights
            .clone()
            .map(|w| w.iter().map(|&w| w as f32).collect()),
        changed: [0, 1].map(|l| vec![0.0; fresh.weights[l].len() / widths[l]]),
        shape,
    };
    let mut random = Random(99);
    let mut done = 0;
    for _ in 0..PASSES {
        let mut order: Vec<usize> = (0..pieces.len()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        for batch in order.chunks(BATCH) {
            let begin = Learned {
                states: vec![states; fresh.states.len()],
                runs: vec![runs; fresh.runs.len()],
                weights: trained.rounded(),
            };
            let ends = parallel(batch.len(), |i| Ok(run(batch[i], &Begin::With(&begin))?.1))?;
            let part = done as f32 / (PASSES * pieces.len()) as f32;
            let follow = FOLLOW[0] + (FOLLOW[1] - FOLLOW[0]) * part;
            for end in &ends {
                for (layer, width) in widths.into_iter().enumerate() {
                    trained.follow(layer, width, follow, &begin, end);
                }
            }
            done += batch.len();
        }
    }
    Ok(trained)
}

impl Trained {
    fn rounded(&self) -> [Vec<i32>; 2] {
        let round = |w: &Vec<f32>| w.iter().map(|w| w.round() as i32).collect();
        [round(&self.weights[0]), round(&self.weights[1])]
    }

    fn follow(&mut self, layer: usize, width: usize, by: f32, begin: &Learned, end: &Learned) {
        let rows = self.weights[layer].chunks_exact_mut(width);
        let [begin, end] = [begin, end].map(|l| l.weights[layer].chunks_exact(width));
        for (((row, begin), end), changed) in rows.zip(begin).zip(end).zip(&mut self.changed[layer])
        {
            if begin != end {
                *changed += 1.0;
                for ((w, b), e) in row.iter_mut().zip(begin).zip(end) {
                    *w += by * (e - b) as f32;
                }
            }
        }
    }
}

/// The counter to begin with, from those at the end of streams that began with `fresh`: the mean of what was seen, and a
/// count that says how far it varies (moments of a beta distribution, with the streams as samples).
fn fit(fresh: u32, ends: &[u32]) -> u32 {
    let first = f64::from(fresh >> 10) / f64::from(1 << 22);
    let seen = ends.iter().filter(|&&c| c & 255 > 0).map(|&c| {
        let (n, p) = (f64::from(c & 255), f64::from(c >> 10) / f64::from(1 << 22));
        // Below the limit it is the mean of all bits and half a bit of the first.
        let mean = if n < 255.0 {
            (p * (n + 0.5) - 0.5 * first) / n
        } else {
            p
        };
        (mean.clamp(0.0, 1.0), n)
    });
    let seen: Vec<(f64, f64)> = seen.collect();
    let total: f64 = seen.iter().map(|s| s.1).sum();
    let (mut mean, mut count) = (first, 10.0);
    if total < 1.0 {
        return fresh;
    }
    for _ in 0..6 {
        let weight = |n: f64| n * count / (n + count);
        let weights: f64 = 0.5 + seen.iter().map(|s| weight(s.1)).sum::<f64>();
        let sum: f64 = 0.5 * first + seen.iter().map(|s| weight(s.1) * s.0).sum::<f64>();
        mean = (sum / weights).clamp(0.0005, 0.9995);
        let spread = mean * (1.0 - mean);
        let square = |&(p, n): &(f64, f64)| weight(n) * ((p - mean).powi(2) - spread / n);
        let between = seen.iter().map(square).sum::<f64>() / weights;
        count = (spread / between.max(spread / 400.0) - 1.0).clamp(0.5, 255.0);
    }
    let count = (count.min(total / 2.0) - 0.5).max(0.0).round() as u32;
    ((mean * f64::from((1 << 22) - 1)) as u32) << 10 | (fresh & 0x300) | count
}
