//! Instructions of regions are put behind the question whether to run them.

use super::super::lower::Lowering;
use super::super::program::{Instruction, Region};
use super::Layout;

/// Instructions so far, and the regions that the last of them is in.
pub(super) struct Nesting<'a, 'b> {
    draft: &'a Lowering<'b>,
    layout: &'a Layout,
    instructions: Vec<Instruction>,
    /// The region of the next instruction.
    region: usize,
    /// Regions that are open, outermost first, each with the place of its instruction.
    open: Vec<(usize, usize)>,
}

impl<'a, 'b> Nesting<'a, 'b> {
    pub(super) const fn new(draft: &'a Lowering<'b>, layout: &'a Layout) -> Self {
        Self {
            draft,
            layout,
            instructions: Vec::new(),
            region: 0,
            open: Vec::new(),
        }
    }

    /// What is pushed next is in that region.
    pub(super) const fn enter(&mut self, region: usize) {
        self.region = region;
    }

    pub(super) fn push(&mut self, instruction: Instruction) {
        let mut path: Vec<usize> = self.draft.plan.regions.path(self.region).collect();
        path.reverse();
        let common = self.open.iter().zip(&path);
        let common = common.take_while(|((open, _), region)| open == *region);
        let common = common.count();
        self.close(common);
        for &region in &path[common..] {
            // It was made before all steps of the region.
            let Some(condition) = self.draft.condition(region) else {
                break;
            };
            self.open.push((region, self.instructions.len()));
            self.instructions.push(Instruction::Region(Region {
                condition: self.layout.window(condition),
                truth: self.draft.plan.regions.key(region).truth,
                length: 0,
                macs: 0,
                own: 0,
            }));
        }
        self.instructions.push(instruction);
    }

    /// Closes all regions but so many, innermost first.
    fn close(&mut self, kept: usize) {
        for (_, at) in self.open.drain(kept..).rev() {
            let (mut macs, mut inner) = (0, 0);
            let behind = &self.instructions[at + 1..];
            for instruction in behind {
                match instruction {
                    Instruction::Product(product) => macs += product.macs(),
                    Instruction::Experts(experts) => macs += experts.macs(),
                    Instruction::Region(region) => inner += region.own,
                    _ => {}
                }
            }
            let length = behind.len();
            if let Instruction::Region(region) = &mut self.instructions[at] {
                (region.length, region.macs) = (length, macs);
                region.own = macs - inner;
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<Instruction> {
        self.close(0);
        self.instructions
    }
}
