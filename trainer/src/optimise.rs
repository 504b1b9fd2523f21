//! Optimisers of the dense parameters, with a plain state that is saved whole: Muon (Jordan et
//! al. 2024) or AdamW (Loshchilov and Hutter 2019) for the matrices between layers, Adam (Kingma
//! and Ba 2015) for the rest.

use serde::{Deserialize, Serialize};

use crate::config::{Optimiser, Schedule, TrainingConfig};
use crate::kernel::orthogonal;
use crate::layer::{Block, Rule};

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.98;
const EPSILON: f32 = 1e-8;
/// Muon's momentum.
const MOMENTUM: f32 = 0.95;
/// Muon's step has this root mean square at rate 1, as Adam's has (Liu et al. 2025).
const MUON_SCALE: f32 = 0.2;
/// Gradients of a step longer than this are shortened to it.
const LONGEST: f64 = 1.0;

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// What moves the matrices.
    pub optimiser: Optimiser,
    /// Rate of the step.
    pub rate: f32,
    /// Share of themselves that matrices lose at rate 1.
    pub decay: f32,
    /// The rate's share of the highest.
    pub factor: f32,
    /// Its number, from 1.
    pub step: u64,
}

/// Running moments of one layer's gradient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Of the gradient.
    pub first: Vec<f32>,
    /// Of its square.
    pub second: Vec<f32>,
}

impl Moments {
    /// No gradient seen.
    pub fn new(len: usize) -> Self {
        Self {
            first: vec![0.0; len],
            second: vec![0.0; len],
        }
    }

    /// One step of `parameters`, which lie as `blocks` say.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32], blocks: &[Block], pace: Pace) {
        let mut at = 0;
        for block in blocks {
            let part = at..at + block.size();
            at = part.end;
            let (values, gradient) = (&mut parameters[part.clone()], &gradient[part.clone()]);
            match (block.rule, pace.optimiser) {
                (Rule::Sign(size), _) => {
                    for (p, &g) in values.iter_mut().zip(gradient).filter(|(_, g)| **g != 0.0) {
                        *p -= pace.factor * size * g.signum();
                    }
                }
                (Rule::Adam, _) => self.adam(values, gradient, part, pace),
                (Rule::Matrix, Optimiser::Muon) => {
                    decay(values, pace);
                    self.muon(values, gradient, part, block, pace.rate);
                }
                (Rule::Matrix, Optimiser::Adamw) => {
                    decay(values, pace);
                    self.adam(values, gradient, part, pace);
                }
            }
            for p in values {
                *p = p.clamp(-block.limit, block.limit);
            }
        }
    }

    fn adam(
        &mut self,
        parameters: &mut [f32],
        gradient: &[f32],
        part: std::ops::Range<usize>,
        pace: Pace,
    ) {
        let step = pace.step.min(100_000) as i32;
        let (scale1, scale2) = (
            1.0 / (1.0 - BETA1.powi(step)),
            1.0 / (1.0 - BETA2.powi(step)),
        );
        let moments = self.first[part.clone()]
            .iter_mut()
            .zip(&mut self.second[part]);
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m += (1.0 - BETA1) * (g - *m);
            *v += (1.0 - BETA2) * (g * g - *v);
            *p -= pace.rate * (*m * scale1) / ((*v * scale2).sqrt() + EPSILON);
        }
    }

    fn muon(
        &mut self,
        parameters: &mut [f32],
        gradient: &[f32],
        part: std::ops::Range<usize>,
        block: &Block,
        rate: f32,
    ) {
        let momentum = &mut self.first[part];
        let mut look_ahead = Vec::with_capacity(gradient.len());
        for (m, g) in momentum.iter_mut().zip(gradient) {
            *m = MOMENTUM * *m + g;
            look_ahead.push(MOMENTUM * *m + g);
        }
        // A block may be several matrices, one after another: they are not one map.
        let size = block.size() / block.matrices;
        let mut step = Vec::with_capacity(look_ahead.len());
        for matrix in look_ahead.chunks_exact(size) {
            step.extend(orthogonal(
                matrix,
                block.rows / block.matrices,
                block.columns,
            ));
        }
        let scale =
            rate * MUON_SCALE * ((block.rows / block.matrices).max(block.columns) as f32).sqrt();
        for (p, s) in parameters.iter_mut().zip(step) {
            *p -= scale * s;
        }
    }
}

/// Weight decay apart from the gradient (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2).
fn decay(parameters: &mut [f32], pace: Pace) {
    let kept = 1.0 - pace.rate * pace.decay;
    if kept != 1.0 {
        parameters.iter_mut().for_each(|p| *p *= kept);
    }
}

/// Factor that shortens gradients of all layers together to a length of 1. What stands in a gradient's place under
/// [`Rule::Sign`] does not count.
pub fn shorten(gradients: &[Vec<f32>], blocks: &[Vec<Block>]) -> f32 {
    let mut squares = 0.0f64;
    for (gradient, blocks) in gradients.iter().zip(blocks) {
        let mut at = 0;
        for block in blocks {
            let part = &gradient[at..at + block.size()];
            at += block.size();
            if !matches!(block.rule, Rule::Sign(_)) {
                squares = part
                    .iter()
                    .fold(squares, |sum, &g| sum + f64::from(g) * f64::from(g));
            }
        }
    }
    let norm = squares.sqrt();
    if norm > LONGEST {
        (LONGEST / norm) as f32
    } else {
        1.0
    }
}

/// Share of the highest rate at `step`, counted from 0: a straight rise, then as the
/// configuration says.
pub fn schedule(training: &TrainingConfig, step: u64) -> f32 {
    let rise = (step + 1) as f32 / training.warmup.max(1) as f32;
    let left = training.steps.saturating_sub(step);
    let fall = match training.schedule {
        Schedule::LevelThenStraight => left as f32 / training.decay.max(1) as f32,
        Schedule::Cosine if step < training.warmup => 1.0,
        Schedule::Cosine => {
            let all = training.steps.saturating_sub(training.warmup).max(1);
            let turn = std::f64::consts::PI * (1.0 - left as f64 / all as f64);
            (0.5 + 0.5 * turn.cos()) as f32
        }
    };
    rise.min(fall).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training(schedule: Schedule, decay: u64) -> TrainingConfig {
        TrainingConfig {
            lanes: 1,
            parts: 1,
            stretch: 1,
            steps: 110,
            warmup: 10,
            decay,
            schedule,
            accumulate: 1,
            rate: 1.0,
            optimiser: Optimiser::Muon,
            weight_decay: 0.0,
            memory_drop: 0.0,
            table_rate: 1.0,
            table_cost: 0.0,
            table_squares: 0.0,
            recompute: false,
            grow: Vec::new(),
        }
    }

    #[test]
    fn both_schedules_rise_straight_and_end_near_nothing() {
        for (kind, decay) in [(Schedule::LevelThenStraight, 20), (Schedule::Cosine, 0)] {
            let training = training(kind, decay);
            for step in 0..10 {
                assert_eq!(schedule(&training, step), (step + 1) as f32 / 10.0);
            }
            assert_eq!(schedule(&training, 10), 1.0);
            let falls = (10..110).map(|step| schedule(&training, step));
            assert!(falls.is_sorted_by(|a, b| a >= b));
            assert!(schedule(&training, 109) < 0.06);
        }
    }

    #[test]
    fn half_way_down_a_cosine_is_one_half() {
        let training = training(Schedule::Cosine, 0);
        assert!((schedule(&training, 60) - 0.5).abs() < 1e-6);
        assert!((schedule(&training, 35) - 0.853_553_4).abs() < 1e-6);
    }

    fn block(rows: usize, columns: usize) -> Block {
        Block {
            limit: 100.0,
            ..Block::weight("w", rows, columns, 1.0)
        }
    }

    #[test]
    fn adamw_is_its_algorithm_in_double_precision() {
        let block = block(2, 2);
        let start = [1.0f32, -2.0, 0.5, 3.0];
        let gradient_at = |step: u64, i: usize| ((step as f32) * 0.7 + i as f32).sin();
        let (rate, decay) = (0.05f32, 0.4f32);

        // Algorithm 2 of Loshchilov and Hutter, line by line.
        let (b1, b2) = (f64::from(BETA1), f64::from(BETA2));
        let slow = |i: usize| {
            let (mut p, mut m, mut v) = (f64::from(start[i]), 0.0, 0.0);
            for step in 1..=20u64 {
                let g = f64::from(gradient_at(step, i));
                m = b1 * m + (1.0 - b1) * g;
                v = b2 * v + (1.0 - b2) * g * g;
                let m_hat = m / (1.0 - b1.powi(step as i32));
                let v_hat = v / (1.0 - b2.powi(step as i32));
                let (rate, decay) = (f64::from(rate), f64::from(decay));
                p -= rate * (m_hat / (v_hat.sqrt() + f64::from(EPSILON)) + decay * p);
            }
            p
        };

        let (mut fast, mut moments) = (start, Moments::new(4));
        for step in 1..=20 {
            let gradient: Vec<f32> = (0..4).map(|i| gradient_at(step, i)).collect();
            let pace = Pace {
                optimiser: Optimiser::Adamw,
                rate,
                decay,
                factor: 1.0,
                step,
            };
            moments.step(&mut fast, &gradient, std::slice::from_ref(&block), pace);
        }
        for (i, &fast) in fast.iter().enumerate() {
            let slow = slow(i);
            assert!((f64::from(fast) - slow).abs() < 1e-4, "{fast} {slow}");
        }
    }

    #[test]
    fn the_switch_changes_matrices_alone() {
        let bias = Block::bias("b", 4, 0.0, 1.0);
        let blocks = [block(4, 4), bias];
        let gradient: Vec<f32> = (0..20).map(|i| (i as f32).cos()).collect();
        let moved = |optimiser| {
            let (mut values, mut moments) = (vec![1.0; 20], Moments::new(20));
            let pace = Pace {
                optimiser,
                rate: 0.1,
                decay: 0.0,
                factor: 1.0,
                step: 1,
            };
            moments.step(&mut values, &gradient, &blocks, pace);
            values
        };
        let (muon, adamw) = (moved(Optimiser::Muon), moved(Optimiser::Adamw));
        assert_eq!(muon[16..], adamw[16..]);
        // Adam's first step is the rate in each value, Muon's a rotation of it.
        assert!(
            adamw[..16]
                .iter()
                .all(|p| ((p - 1.0).abs() - 0.1).abs() < 1e-4)
        );
        assert!(
            muon[..16]
                .iter()
                .any(|p| ((p - 1.0).abs() - 0.1).abs() > 1e-2)
        );
    }
}
