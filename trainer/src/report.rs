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
    /// The same together with what the network stands beside; empty where that is nothing.
    pub together: Vec<Spent>,
    /// Rate of the dense parameters.
    pub rate: f32,
    /// Share of the bytes that each expert took, layer by layer; none for layers without experts. A mod block counts as an
    /// expert.
    pub load: Vec<Vec<f32>>,
    /// Loss of each early exit.
    pub exits: Vec<Spent>,
    /// Passes that told so, layer by layer.
    told: Vec<usize>,
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
            if let Some(together) = &outcome.together {
                self.together
                    .resize(self.modalities.len(), Spent::default());
                for (cost, origin) in together.costs.iter().zip(origins) {
                    if let Some(spent) = self.together.get_mut(usize::from(*origin)) {
                        spent.bits += f64::from(*cost);
                        spent.bytes += 1;
                    }
                }
            }
            let bytes = outcome.costs.len() as u64;
            let exits = outcome.exits.iter().map(|mean| Spent {
                bits: mean * bytes as f64,
                bytes,
            });
            self.add_exits(exits);
            self.mean_load(&outcome.loads, &vec![1; outcome.loads.len()]);
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
        self.together.resize(other.together.len(), Spent::default());
        for (sum, spent) in self.together.iter_mut().zip(&other.together) {
            *sum += *spent;
        }
        self.add_exits(other.exits.iter().copied());
        self.mean_load(&other.load, &other.told);
    }

    fn add_exits(&mut self, exits: impl ExactSizeIterator<Item = Spent>) {
        self.exits.resize(exits.len(), Spent::default());
        for (sum, spent) in self.exits.iter_mut().zip(exits) {
            *sum += spent;
        }
    }

    /// Brings `load`, the means of `told` passes, into the means of all. Where a pass had no patch for some experts of a
    /// layer it says nothing of that layer.
    fn mean_load(&mut self, load: &[Vec<f32>], told: &[usize]) {
        self.load.resize(load.len(), Vec::new());
        self.told.resize(load.len(), 0);
        let means = self.load.iter_mut().zip(&mut self.told);
        for ((mean, passes), (load, &told)) in means.zip(load.iter().zip(told)) {
            if load.len() > mean.len() {
                (*mean, *passes) = (load.clone(), told);
            } else if load.len() == mean.len() {
                *passes += told;
                let share = told as f32 / *passes as f32;
                for (mean, load) in mean.iter_mut().zip(load) {
                    *mean += share * (load - *mean);
                }
            }
        }
    }

    /// What [`Self::load`] says of the layers that have experts.
    pub fn experts(&self) -> impl Iterator<Item = &Vec<f32>> {
        self.load.iter().filter(|load| !load.is_empty())
    }

    /// Loss of all modalities together.
    pub fn spent(&self) -> Spent {
        self.modalities.iter().copied().sum()
    }

    /// Mean bits per byte together with what the network stands beside, if there is anything.
    pub fn together(&self) -> Option<f64> {
        self.together.iter().copied().sum::<Spent>().mean()
    }

    /// Mean bits per byte of the network alone.
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
            together: None,
            exits: vec![2.0 * f64::from(costs[0])],
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
        assert_eq!(report.load, [vec![], vec![0.5, 0.5], vec![]]);
        // Three bytes at 2 bits, one at 16.
        assert_eq!(report.exits[0].mean(), Some(5.5));

        let mut third = StepReport::new(3);
        third.add(&[outcome(&[4.0], &[0.2, 0.8])], &[vec![1]]);
        third.step = 9;
        let mut all = StepReport::default();
        all.merge(&report);
        all.merge(&third);
        assert_eq!((all.step, all.bits()), (9, 18.0 / 5.0));
        assert!((all.load[1][0] - 0.4).abs() < 1e-6);
    }

    #[test]
    fn a_pass_without_patches_says_nothing_of_their_experts() {
        let loads: [&[f32]; 4] = [&[], &[0.25, 0.75], &[], &[0.5, 0.5]];
        let mut report = StepReport::new(1);
        for load in loads {
            report.add(&[outcome(&[1.0], load)], &[vec![0]]);
        }
        assert_eq!(report.load, [vec![], vec![0.375, 0.625], vec![]]);
        assert_eq!(report.experts().count(), 1);
    }
}
