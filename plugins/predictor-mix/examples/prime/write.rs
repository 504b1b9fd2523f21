//! The format of `primed.bin` (`plugins/predictor-cm/spec.md`, section 12).

use std::error::Error;

use umoec_predictor_cm::training::{COUNTS, LAST, STATES, UNITS_LOG2, VECTORS_MAX};

use crate::Task;
use crate::learn::Trained;
use crate::pieces::{Piece, Random};

/// Appends what was learned about one preset.
pub(crate) fn preset(
    out: &mut Vec<u8>,
    task: &Task,
    pieces: &[&Piece],
) -> Result<(), Box<dyn Error>> {
    let first = pieces.first().ok_or("no piece is for that preset")?;
    let alone = task.learn(pieces, false)?;
    out.push(task.params(first)?[0]);
    for &counter in alone.states[STATES].iter().chain(&alone.runs) {
        out.extend(stored(counter).to_le_bytes());
    }
    mixing(out, &alone, task.vectors);
    out.push(task.advised.into());
    if task.advised {
        mixing(out, &task.learn(pieces, true)?, task.vectors);
    }
    Ok(())
}

/// 12 bits of probability above the number of a count.
fn stored(counter: u32) -> u16 {
    let count = counter & 255;
    let nearest = |&i: &usize| u32::from(COUNTS[i]).abs_diff(count);
    let number = (0..COUNTS.len()).min_by_key(nearest).unwrap_or(0);
    ((counter >> 20) << 4) as u16 | number as u16
}

fn mixing(out: &mut Vec<u8>, trained: &Trained, vectors: usize) {
    let shape = &trained.shape;
    let [weights, last] = &trained.weights;
    let [changed, last_changed] = &trained.changed;
    let mut first = 0;
    for &size in &shape.selectors {
        let all = &weights[first * shape.width..][..size * shape.width];
        let used: Vec<&[f32]> = all
            .chunks_exact(shape.width)
            .map(|r| &r[..shape.inputs])
            .collect();
        rows(
            out,
            &used,
            &changed[first..][..size],
            vectors,
            UNITS_LOG2[0],
        );
        first += size;
    }
    let count = shape.selectors.len();
    if count > 1 {
        let used: Vec<&[f32]> = last.chunks_exact(16).map(|r| &r[..count]).collect();
        rows(out, &used[..LAST], last_changed, VECTORS_MAX, UNITS_LOG2[1]);
    }
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn nearest(to: &[f32], centres: &[Vec<f32>]) -> (usize, f32) {
    let all = centres.iter().map(|c| distance(to, c)).enumerate();
    all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// Rows as a few vectors (k-means, begun as k-means++), and which of them each one is. A row that was never used is what is
/// nearest to the mean of the others.
fn rows(out: &mut Vec<u8>, rows: &[&[f32]], changed: &[f32], most: usize, unit: u32) {
    let mean = |of: &[usize]| {
        let sum = of.iter().map(|&r| changed[r]).sum::<f32>().max(1e-9);
        let component = |i: usize| of.iter().map(|&r| changed[r] * rows[r][i]).sum::<f32>() / sum;
        (0..rows[0].len()).map(component).collect::<Vec<f32>>()
    };
    let used: Vec<usize> = (0..rows.len()).filter(|&r| changed[r] > 0.0).collect();
    let common = if used.is_empty() {
        rows[0].to_vec()
    } else {
        mean(&used)
    };
    let mut centres = vec![common.clone()];
    let mut random = Random(7);
    while centres.len() < most.min(used.len()) {
        let far = |r: &usize| changed[*r] * nearest(rows[*r], &centres).1;
        let sum: f32 = used.iter().map(far).sum();
        let mut left = sum * random.below(1 << 20) as f32 / (1 << 20) as f32;
        let next = used.iter().find(|r| {
            left -= far(r);
            left < 0.0
        });
        match next {
            Some(&r) => centres.push(rows[r].to_vec()),
            None => break,
        }
    }
    for _ in 0..20 {
        let mut parts = vec![Vec::new(); centres.len()];
        for &r in &used {
            parts[nearest(rows[r], &centres).0].push(r);
        }
        for (centre, part) in centres.iter_mut().zip(&parts) {
            if !part.is_empty() {
                *centre = mean(part);
            }
        }
    }
    out.push(centres.len() as u8);
    let scale = (1u64 << unit) as f32;
    for weight in centres.iter().flatten() {
        out.push((weight / scale).round().clamp(-128.0, 127.0) as i8 as u8);
    }
    let index = |r: usize| match changed.get(r) {
        Some(&c) if c > 0.0 => nearest(rows[r], &centres).0 as u8,
        Some(_) => nearest(&common, &centres).0 as u8,
        None => 0,
    };
    out.extend(
        (0..rows.len())
            .step_by(2)
            .map(|r| index(r) | index(r + 1) << 4),
    );
}
