//! Optimisers of the dense parameters, with a plain state that is saved whole: Muon (Jordan et
//! al. 2024) for the matrices between layers, Adam (Kingma and Ba 2015) for the rest.

use serde::{Deserialize, Serialize};

use crate::config::{Schedule, TrainingConfig};
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

    /// One step of `parameters` at `rate`, which is `factor` of the highest; `step` counts from 1.
    pub fn step(
        &mut self,
        parameters: &mut [f32],
        gradient: &[f32],
        blocks: &[Block],
        rate: f32,
        factor: f32,
        step: u64,
    ) {
        let step = step.min(100_000) as i32;
        let (scale1, scale2) = (
            1.0 / (1.0 - BETA1.powi(step)),
            1.0 / (1.0 - BETA2.powi(step)),
        );
        let mut at = 0;
        for block in blocks {
            let part = at..at + block.size();
            at = part.end;
            match block.rule {
                Rule::Adam => {}
                Rule::Muon => {
                    self.muon(
                        &mut parameters[part.clone()],
                        &gradient[part.clone()],
                        part,
                        block,
                        rate,
                    );
                    continue;
                }
                Rule::Sign(size) => {
                    let values = parameters[part.clone()].iter_mut().zip(&gradient[part]);
                    for (p, &g) in values.filter(|(_, g)| **g != 0.0) {
                        *p = (*p - factor * size * g.signum()).clamp(-block.limit, block.limit);
                    }
                    continue;
                }
            }
            let moments = self.first[part.clone()]
                .iter_mut()
                .zip(&mut self.second[part.clone()]);
            let values = parameters[part.clone()].iter_mut().zip(&gradient[part]);
            for ((p, g), (m, v)) in values.zip(moments) {
                *m += (1.0 - BETA1) * (g - *m);
                *v += (1.0 - BETA2) * (g * g - *v);
                let move_by = rate * (*m * scale1) / ((*v * scale2).sqrt() + EPSILON);
                *p = (*p - move_by).clamp(-block.limit, block.limit);
            }
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
            *p = (*p - scale * s).clamp(-block.limit, block.limit);
        }
    }
}

/// Factor that shortens gradients of all layers together to [`LONGEST`]. What stands in a gradient's place under
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
            table_rate: 1.0,
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
}
