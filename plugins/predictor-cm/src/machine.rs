//! Machine code of x86-64: where in its instruction the next byte is, and what came before it
//! (`spec.md`, section 6.9).
//!
//! Instructions are told apart by their lengths: prefixes, opcode, ModRM, SIB, displacement,
//! immediate value (Intel, "Software Developer's Manual", volume 2, chapter 2). Code that starts
//! out of step falls into step by itself. The idea of such contexts is that of PAQ8's x86 model.

use crate::tracker::fold;

/// What the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// A prefix or the first byte of an opcode.
    #[default]
    Start = 0,
    /// What follows 0F, 0F 38 and 0F 3A.
    Second = 1,
    Third38 = 2,
    Third3A = 3,
    /// A byte of a VEX or EVEX prefix.
    Vector = 4,
    ModRm = 5,
    Sib = 6,
    Displacement = 7,
    Immediate = 8,
}

/// Has a ModRM byte.
const M: u8 = 16;
/// Bytes of the immediate value: so many, or 4, 2 behind prefix 66, 8 for a move with REX.W.
const Z: u8 = 15;
const V: u8 = 14;

/// What follows an opcode of one byte.
const fn behind_one(op: u8) -> u8 {
    match op {
        0x00..=0x3F => match op & 7 {
            0..=3 => M,
            4 => 1,
            5 => Z,
            _ => 0,
        },
        0x63 | 0x84..=0x8F | 0xD0..=0xD3 | 0xD8..=0xDF | 0xF6 | 0xF7 | 0xFE | 0xFF => M,
        0x69 | 0x81 | 0xC7 => M | Z,
        0x6B | 0x80 | 0x82 | 0x83 | 0xC0 | 0xC1 | 0xC6 => M | 1,
        0x68 | 0xA9 => Z,
        0x6A | 0x70..=0x7F | 0xA8 | 0xB0..=0xB7 | 0xCD | 0xE0..=0xE7 | 0xEB => 1,
        0xA0..=0xA3 => 8,
        0xB8..=0xBF => V,
        0xC2 | 0xCA => 2,
        0xC8 => 3,
        0xE8 | 0xE9 => 4,
        _ => 0,
    }
}

/// What follows an opcode behind 0F.
const fn behind_two(op: u8) -> u8 {
    match op {
        0x05..=0x09 | 0x0B | 0x30..=0x37 | 0x77 | 0xA0..=0xA2 | 0xA8..=0xAA | 0xC8..=0xCF => 0,
        0x80..=0x8F => 4,
        0x70..=0x73 | 0xA4 | 0xAC | 0xBA | 0xC2 | 0xC4..=0xC6 => M | 1,
        _ => M,
    }
}

/// The decoder.
#[derive(Default)]
pub(crate) struct Machine {
    part: Part,
    /// Bytes of a prefix, a displacement or an immediate value that are to come.
    left: u8,
    /// Bytes of the displacement that a SIB byte is followed by, and of the immediate value.
    displacement: u8,
    immediate: u8,
    /// Whether there was a prefix 66, and a REX with W.
    short: bool,
    wide: bool,
    /// The map that a VEX or EVEX prefix leads to; 0 where it is not known yet.
    map: u8,
    /// The opcode, its map in the bits from 8 on, the ModRM byte in those from 16 on.
    opcode: u32,
    /// Hash of the instruction so far without displacement and immediate value.
    pub(crate) stem: u32,
    /// Hash of the bytes so far of the displacement or the immediate value.
    pub(crate) operand: u32,
    /// The opcodes of the last three instructions, the nearest first, like the present one.
    pub(crate) opcodes: [u32; 3],
}

impl Machine {
    /// What the next byte is: the part, and how many bytes of it are to come. Below 144.
    #[inline(always)]
    pub(crate) fn place(&self) -> u32 {
        self.part as u32 * 16 + u32::from(self.left)
    }

    /// The opcode of the present instruction, as far as it is known.
    #[inline(always)]
    pub(crate) fn opcode(&self) -> u32 {
        self.opcode & 0xFFFF
    }

    /// The last three opcodes, of the two further ones only the last byte.
    #[inline(always)]
    pub(crate) fn three(&self) -> u32 {
        let [a, b, c] = self.opcodes;
        (a & 0xFFFF) << 16 | (b & 255) << 8 | c & 255
    }

    /// Takes in a byte.
    #[inline]
    pub(crate) fn push(&mut self, c: u8) {
        if matches!(self.part, Part::Displacement | Part::Immediate) {
            self.operand = fold(self.operand, u32::from(c));
            self.left -= 1;
            if self.left == 0 {
                let present = self.part;
                self.operand = 0;
                match present {
                    Part::Displacement => self.operands(0),
                    _ => self.end(),
                }
            }
            return;
        }
        self.stem = fold(self.stem, u32::from(c));
        match self.part {
            Part::Start => self.start(c),
            Part::Second => match c {
                0x38 => self.part = Part::Third38,
                0x3A => self.part = Part::Third3A,
                _ => self.found(c, 1, behind_two(c)),
            },
            Part::Third38 => self.found(c, 2, M),
            Part::Third3A => self.found(c, 3, M | 1),
            Part::Vector => self.vector(c),
            Part::ModRm => self.mod_rm(c),
            // A base of 5 with a mode of 0 stands for a displacement alone.
            _ => match (self.opcode >> 22, c & 7) {
                (0, 5) => self.operands(4),
                _ => self.operands(self.displacement),
            },
        }
    }

    fn start(&mut self, c: u8) {
        match c {
            0x26 | 0x2E | 0x36 | 0x3E | 0x64 | 0x65 | 0x67 | 0xF0 | 0xF2 | 0xF3 => {}
            0x66 => self.short = true,
            0x40..=0x4F => self.wide = c & 8 != 0,
            0x0F => self.part = Part::Second,
            0xC5 => (self.part, self.left, self.map) = (Part::Vector, 1, 1),
            0xC4 => (self.part, self.left, self.map) = (Part::Vector, 2, 0),
            0x62 => (self.part, self.left, self.map) = (Part::Vector, 3, 0),
            _ => self.found(c, 0, behind_one(c)),
        }
    }

    fn vector(&mut self, c: u8) {
        if self.map == 0 {
            self.map = (c & 3).max(1);
        }
        self.left -= 1;
        if self.left == 0 {
            self.part = [Part::Second, Part::Third38, Part::Third3A][usize::from(self.map) - 1];
        }
    }

    /// An opcode of that map, and what follows it.
    fn found(&mut self, c: u8, map: u32, behind: u8) {
        self.opcode = map << 8 | u32::from(c);
        self.immediate = match behind & 15 {
            V if self.wide => 8,
            Z | V if self.short => 2,
            Z | V => 4,
            n => n,
        };
        if behind & M == 0 {
            self.operands(0);
        } else {
            self.part = Part::ModRm;
        }
    }

    fn mod_rm(&mut self, c: u8) {
        // TEST has an immediate value, the others of its group have none.
        self.immediate = match (self.opcode, c >> 3 & 7) {
            (0xF6, 0 | 1) => 1,
            (0xF7, 0 | 1) if self.short => 2,
            (0xF7, 0 | 1) => 4,
            _ => self.immediate,
        };
        self.opcode |= u32::from(c) << 16;
        self.displacement = match (c >> 6, c & 7) {
            (0, 5) | (2, _) => 4,
            (1, _) => 1,
            _ => 0,
        };
        if c >> 6 < 3 && c & 7 == 4 {
            self.part = Part::Sib;
        } else {
            self.operands(self.displacement);
        }
    }

    /// Goes to a displacement of so many bytes, or what is behind it.
    fn operands(&mut self, displacement: u8) {
        if displacement > 0 {
            (self.part, self.left) = (Part::Displacement, displacement);
        } else if self.immediate > 0 {
            (self.part, self.left) = (Part::Immediate, self.immediate);
            self.immediate = 0;
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        *self = Self {
            opcodes: [self.opcode, self.opcodes[0], self.opcodes[1]],
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Instructions of every form, as an assembler writes them.
    const CODE: &[&[u8]] = &[
        &[0x55],
        &[0x48, 0x89, 0xE5],
        &[0x48, 0x83, 0xEC, 0x10],
        &[0x48, 0x8D, 0x3D, 0x10, 0x20, 0x30, 0x40],
        &[0xE8, 1, 2, 3, 4],
        &[0x8B, 0x44, 0x24, 0x08],
        &[0x8B, 0x04, 0x25, 1, 2, 3, 4],
        &[0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x66, 0xC7, 0x00, 0x34, 0x12],
        &[0xC7, 0x84, 0x24, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xF6, 0xC1, 0x01],
        &[0xF6, 0xD1],
        &[0xF7, 0xC1, 1, 2, 3, 4],
        &[0x0F, 0x84, 1, 2, 3, 4],
        &[0x0F, 0xB6, 0xC0],
        &[0x66, 0x0F, 0x3A, 0x0F, 0xC1, 0x08],
        &[0xC5, 0xF8, 0x28, 0x00],
        &[0xC4, 0xE2, 0x7D, 0x58, 0x05, 1, 2, 3, 4],
        &[0x62, 0xF1, 0x7C, 0x48, 0x10, 0x41, 0x02],
        &[0xC3],
    ];

    #[test]
    fn instructions_end_where_they_end() {
        let mut machine = Machine::default();
        for instruction in CODE {
            for (i, &c) in instruction.iter().enumerate() {
                let inside = machine.stem != 0 || machine.part != Part::Start;
                assert_eq!(inside, i > 0, "{instruction:02X?} at {i}");
                machine.push(c);
            }
            assert_eq!(machine.place(), 0, "{instruction:02X?}");
        }
    }

    #[test]
    fn whatever_the_bytes_a_place_is_below_144() {
        let mut machine = Machine::default();
        let mut seed = 1u32;
        for _ in 0..100_000 {
            seed = fold(seed, 7);
            machine.push((seed >> 13) as u8);
            assert!(machine.place() < 144);
        }
    }
}
