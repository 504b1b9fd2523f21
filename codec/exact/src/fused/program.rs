//! What a step graph has become.

use super::chain::{AnyChain, Flat, REGISTERS, Recurrence, Small};
use super::isa::Isa;
use super::memory::{Memory, Sizes};
use super::product::{Experts, Product};
use super::scale::Type;
use super::select::{Overwrite, Pick, Top, Window};

/// Where a slot lies: `len` elements for each lane, lane by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ty: Type,
    pub(super) base: usize,
}

/// A state's memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatePlace {
    pub(super) place: Place,
    pub(super) len: usize,
    pub(super) initial: i64,
}

/// One instruction, for all lanes.
#[derive(Debug, Clone)]
pub(super) enum Instruction {
    Chain(AnyChain),
    Flat(Flat),
    Small(Small),
    Recurrence(Recurrence),
    Product(Product),
    Experts(Experts),
    Pick(Pick),
    Overwrite(Overwrite),
    Top(Top),
    Region(Region),
}

/// Instructions that are skipped where a condition holds in no lane.
#[derive(Debug, Clone)]
pub(super) struct Region {
    /// One truth value for each lane.
    pub(super) condition: Window,
    pub(super) truth: bool,
    /// Number of the instructions that follow.
    pub(super) length: usize,
    /// Multiplications that these make, and those of them that no other condition is asked for.
    pub(super) macs: u64,
    pub(super) own: u64,
}

/// The largest demands of any instruction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Most {
    /// Registers of chains in words of 32, 64 and 128 bits.
    pub(super) registers: [usize; 3],
    /// Registers of flat and of small chains.
    pub(super) strips: usize,
    pub(super) loops: usize,
    pub(super) loads: usize,
    /// Activations of a product, packed.
    pub(super) packed: usize,
    /// Elements that are ranked.
    pub(super) ranked: usize,
}

impl Most {
    pub(super) fn of(instructions: &[Instruction]) -> Self {
        let mut most = Self::default();
        for instruction in instructions {
            match instruction {
                Instruction::Chain(AnyChain::W32(c)) => {
                    most.chain(0, c.registers, c.tiling.outer.len(), c.loads.len());
                }
                Instruction::Chain(AnyChain::W64(c)) => {
                    most.chain(1, c.registers, c.tiling.outer.len(), c.loads.len());
                }
                Instruction::Chain(AnyChain::W128(c)) => {
                    most.chain(2, c.registers, c.tiling.outer.len(), c.loads.len());
                }
                Instruction::Flat(flat) => most.strips = most.strips.max(flat.registers),
                Instruction::Small(small) => most.strips = most.strips.max(small.registers),
                Instruction::Recurrence(_) => most.chain(0, REGISTERS, 0, 0),
                Instruction::Product(product) => {
                    most.packed = most.packed.max(product.packed_len());
                }
                Instruction::Experts(experts) => {
                    most.packed = most.packed.max(experts.packed_len());
                }
                Instruction::Top(top) => most.ranked = most.ranked.max(top.length()),
                Instruction::Pick(_) | Instruction::Overwrite(_) | Instruction::Region(_) => {}
            }
        }
        most
    }

    fn chain(&mut self, width: usize, registers: usize, loops: usize, loads: usize) {
        self.registers[width] = self.registers[width].max(registers);
        self.loops = self.loops.max(loops);
        self.loads = self.loads.max(loads);
    }
}

/// A program for a number of lanes; shared by steppers.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) lanes: usize,
    pub(super) isa: Isa,
    pub(super) instructions: Vec<Instruction>,
    pub(super) most: Most,
    pub(super) constants: Memory,
    pub(super) tables: Vec<Vec<i64>>,
    pub(super) sizes: Sizes,
    pub(super) byte: Place,
    pub(super) condition: Option<Place>,
    pub(super) states: Vec<StatePlace>,
    pub(super) logits: Place,
}
