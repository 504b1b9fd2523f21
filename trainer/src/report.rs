//! What one step, or several of them, say of a run.

use crate::data::Spent;
use crate::network::Outcome;

/// What a step says of the network before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepReport {
    /// Steps done with this one.
    pub step: u64,
    /// Loss of each modality, in the order of [`Feeder::modalities`](crate::data::Feeder).
    pub modalities: Vec<Spent>,
    /// Rate of the dense parameters.
    pub rate: f32,
    /// Share of the bytes that each expert took, for each layer that has experts.
    pub load: Vec<Vec<f32>>,
    passes: usize,
}

impl StepReport {
    /// Nothing seen of so many modalities.
    pub fn new(modalities: usize) -> Self {
        Self {
            modalities: vec![Spent::default(); modalities],
            ..Self::default()
        }
    }

    /// Takes in passes; `origins` says for each of a pass's bytes what modality it is of.
    pub fn add(&mut self, outcomes: &[Outcome], origins: &[Vec<u16>]) {
        for (outcome, origins) in outcomes.iter().zip(origins) {
            for (cost, origin) in outcome.costs.iter().zip(origins) {
                if let Some(spent) = self.modalities.get_mut(usize::from(*origin)) {
                    spent.bits += f64::from(*cost);
                    spent.bytes += 1;
                }
            }
            self.passes += 1;
            let loads = outcome.loads.iter().filter(|load| !load.is_empty());
            self.mean_load(&loads.cloned().collect::<Vec<_>>(), 1);
        }
    }

    /// Takes in the steps of another report that came after.
    pub fn merge(&mut self, other: &Self) {
        if self.modalities.is_empty() {
            *self = other.clone();
            return;
        }
        (self.step, self.rate) = (other.step, other.rate);
        for (sum, spent) in self.modalities.iter_mut().zip(&other.modalities) {
            *sum += *spent;
        }
        self.passes += other.passes;
        self.mean_load(&other.load, other.passes);
    }

    /// Brings `load`, the mean of `passes` passes that are counted already, into the mean of all.
    fn mean_load(&mut self, load: &[Vec<f32>], passes: usize) {
        if self.load.is_empty() {
            self.load = load.to_vec();
            return;
        }
        let share = passes as f32 / self.passes as f32;
        for (mean, load) in self.load.iter_mut().flatten().zip(load.iter().flatten()) {
            *mean += share * (load - *mean);
        }
    }

    /// Loss of all modalities together.
    pub fn spent(&self) -> Spent {
        self.modalities.iter().copied().sum()
    }

    /// Mean loss in bits per byte.
    pub fn bits(&self) -> f64 {
        self.spent().mean().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(costs: &[f32], load: &[f32]) -> Outcome {
        Outcome {
            bits: 0.0,
            gradients: Vec::new(),
            rows: Vec::new(),
            costs: costs.to_vec(),
            loads: vec![Vec::new(), load.to_vec(), Vec::new()],
        }
    }

    #[test]
    fn bytes_are_counted_where_they_come_from() {
        let mut report = StepReport::new(3);
        let outcomes = [
            outcome(&[1.0, 2.0, 3.0], &[0.25, 0.75]),
            outcome(&[8.0], &[0.75, 0.25]),
        ];
        report.add(&outcomes, &[vec![0, 2, 0], vec![2]]);
        let means: Vec<_> = report.modalities.iter().map(|s| s.mean()).collect();
        assert_eq!(means, [Some(2.0), None, Some(5.0)]);
        assert_eq!(report.bits(), 3.5);
        assert_eq!(report.load, [[0.5, 0.5]]);

        let mut third = StepReport::new(3);
        third.add(&[outcome(&[4.0], &[0.2, 0.8])], &[vec![1]]);
        third.step = 9;
        let mut all = StepReport::default();
        all.merge(&report);
        all.merge(&third);
        assert_eq!((all.step, all.bits()), (9, 18.0 / 5.0));
        assert!((all.load[0][0] - 0.4).abs() < 1e-6);
    }
}
