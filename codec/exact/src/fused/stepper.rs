//! A program with its memory: a running state.

use std::sync::Arc;

use crate::error::{ExactError, Result};
use crate::interface::Interface;
use crate::model::StepModel;
use crate::stepper::{Regions, Stepper};

use super::chain::{AnyChain, Scratch, Strip, run};
use super::memory::Memory;
use super::product::Packed;
use super::program::{Instruction, Program, Region};
use super::select::Sight;
use super::vector::{run_flat, run_recurrence, run_small, run_words};

/// Steps lanes through a program. Nothing is allocated after it was made.
#[derive(Debug)]
pub struct FusedStepper {
    model: Arc<StepModel>,
    program: Arc<Program>,
    memory: Memory,
    words: Scratch<i32>,
    longs: Scratch<i64>,
    giants: Scratch<i128>,
    strips: Vec<Strip>,
    packed: Packed,
    ranked: Vec<(i64, usize)>,
    regions: Regions,
}

impl FusedStepper {
    pub(super) fn new(model: Arc<StepModel>, program: Arc<Program>) -> Self {
        let most = program.most;
        let [words, longs, giants] = most.registers;
        let mut stepper = Self {
            memory: Memory::new(&program.sizes),
            words: Scratch::new(words, most.loops, most.loads),
            longs: Scratch::new(longs, most.loops, most.loads),
            giants: Scratch::new(giants, most.loops, most.loads),
            strips: vec![Strip::ZERO; most.strips],
            packed: Packed::new(most.packed, program.isa),
            ranked: vec![(0, 0); most.ranked],
            regions: Regions::default(),
            model,
            program,
        };
        stepper.reset();
        if let Some(condition) = &stepper.model.interface().condition {
            let low = vec![condition.range.low; condition.size * stepper.program.lanes];
            stepper.write_condition(&low);
        }
        stepper
    }

    /// Copies the states of `other`'s lane `from` into this one's lane `to`, where both run the same model; not
    /// what either was told.
    ///
    /// # Panics
    ///
    /// Where the models differ, or there is no such lane.
    pub fn copy_lane(&mut self, to: usize, other: &Self, from: usize) {
        assert!(
            Arc::ptr_eq(&self.model, &other.model),
            "states are those of one model"
        );
        assert!(to < self.program.lanes && from < other.program.lanes);
        // An element's type follows from its interval, however many lanes there are.
        let pairs = self.program.states.iter().zip(&other.program.states);
        for (own, its) in pairs {
            let first = its.place.base + from * its.len;
            self.memory.copy_from(
                &other.memory,
                own.place.ty,
                first..first + its.len,
                own.place.base + to * own.len,
            );
        }
    }

    fn interface(&self) -> &Interface {
        self.model.interface()
    }

    fn write_condition(&mut self, values: &[i32]) {
        if let Some(place) = self.program.condition {
            for (at, &value) in values.iter().enumerate() {
                self.memory.set(place.ty, place.base + at, value.into());
            }
        }
    }

    fn run(&mut self) {
        let Self {
            model,
            program,
            memory,
            ..
        } = self;
        let (constants, tables) = (&program.constants, &program.tables[..]);
        let sight = Sight {
            graph: model.graph(),
            constants,
        };
        let mut next = 0;
        while let Some(instruction) = program.instructions.get(next) {
            next += 1;
            match instruction {
                Instruction::Chain(AnyChain::W32(chain)) => {
                    let words = &mut self.words;
                    run_words(program.isa, chain, constants, memory, tables, words);
                }
                Instruction::Chain(AnyChain::W64(chain)) => {
                    run(chain, constants, memory, tables, &mut self.longs);
                }
                Instruction::Chain(AnyChain::W128(chain)) => {
                    run(chain, constants, memory, tables, &mut self.giants);
                }
                Instruction::Flat(flat) => {
                    run_flat(
                        program.isa,
                        flat,
                        constants,
                        memory,
                        tables,
                        &mut self.strips,
                    );
                }
                Instruction::Small(small) => {
                    let strips = &mut self.strips;
                    run_small(program.isa, small, constants, memory, tables, strips);
                }
                Instruction::Recurrence(recurrence) => {
                    run_recurrence(program.isa, recurrence, memory, &mut self.words);
                }
                Instruction::Product(product) => product.run(memory, &mut self.packed),
                Instruction::Experts(experts) => experts.run(sight, memory, &mut self.packed),
                Instruction::Pick(pick) => pick.run(sight, memory),
                Instruction::Overwrite(overwrite) => overwrite.run(sight, memory),
                Instruction::Top(top) => top.run(sight, memory, &mut self.ranked),
                Instruction::Region(region) => {
                    if region.is_on(sight, memory, program.lanes) {
                        self.regions.run += region.own;
                    } else {
                        self.regions.skipped += region.macs;
                        next += region.length;
                    }
                }
            }
        }
    }
}

impl Region {
    /// Whether the condition holds in any lane.
    fn is_on(&self, sight: Sight<'_>, memory: &Memory, lanes: usize) -> bool {
        let first = self.condition.base;
        let holds = |lane: usize| {
            let n = self
                .condition
                .get(sight, memory, first + lane * self.condition.lane);
            (n != 0) == self.truth
        };
        (0..lanes).any(holds)
    }
}

fn failed(reason: String) -> ExactError {
    ExactError::Backend {
        backend: super::NAME.into(),
        reason,
    }
}

impl Stepper for FusedStepper {
    fn lanes(&self) -> usize {
        self.program.lanes
    }

    fn step(&mut self, bytes: &[u8], logits: &mut [i32]) -> Result<()> {
        let lanes = self.program.lanes;
        if bytes.len() != lanes || logits.len() != lanes * 256 {
            let (bytes, logits) = (bytes.len(), logits.len());
            let reason = format!("{bytes} bytes and {logits} logits do not fit {lanes} lanes");
            return Err(failed(reason));
        }
        let (byte, out) = (self.program.byte.base, self.program.logits.base);
        self.memory.u8.all_mut()[byte..byte + lanes].copy_from_slice(bytes);
        self.run();
        logits.copy_from_slice(&self.memory.i32.all()[out..out + lanes * 256]);
        Ok(())
    }

    fn reset(&mut self) {
        for state in &self.program.states {
            let first = state.place.base;
            let range = first..first + state.len * self.program.lanes;
            self.memory.fill(state.place.ty, range, state.initial);
        }
    }

    fn regions(&self) -> Regions {
        self.regions
    }

    fn broadcast(&mut self, from_lane: usize) {
        for state in &self.program.states {
            let lane = |lane: usize| state.place.base + lane * state.len;
            let from = lane(from_lane)..lane(from_lane + 1);
            for to in (0..self.program.lanes).filter(|&to| to != from_lane) {
                self.memory.copy(state.place.ty, from.clone(), lane(to));
            }
        }
    }

    fn set_condition(&mut self, condition: &[i32]) -> Result<()> {
        let lanes = self.program.lanes;
        let fits = match &self.interface().condition {
            None => condition.is_empty(),
            Some(declared) => {
                let range = declared.range.low..=declared.range.high;
                condition.len() == lanes * declared.size
                    && condition.iter().all(|n| range.contains(n))
            }
        };
        if !fits {
            return Err(failed("the condition does not fit the model".into()));
        }
        self.write_condition(condition);
        Ok(())
    }
}
