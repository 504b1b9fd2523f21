//! Whether a block holds machine code, and whose (`spec.md`, section 3).

use crate::kernel::Machine;

/// Calls there must be for each so many bytes, and at least.
const BYTES_A_CALL: usize = 2048;
const CALLS_MIN: usize = 16;

/// Machines to try, with a score.
pub(crate) fn machine(head: &[u8], block: &[u8]) -> Option<(Machine, u8)> {
    match declared(head) {
        Some(declared) => declared.map(|machine| (machine, 95)),
        None => counted(block).map(|machine| (machine, 60)),
    }
}

/// What the header of an executable says; the inner `None` is any other machine.
pub(crate) fn declared(head: &[u8]) -> Option<Option<Machine>> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    if head.starts_with(b"\x7FELF") {
        return Some(match u16_at(18)? {
            3 | 62 => Some(Machine::X86),
            183 => Some(Machine::Aarch64),
            _ => None,
        });
    }
    if head.starts_with(b"MZ") {
        let pe = u32_at(0x3C)? as usize;
        if head.get(pe..pe.checked_add(4)?)? == b"PE\0\0" {
            return Some(match u16_at(pe + 4)? {
                0x014C | 0x8664 => Some(Machine::X86),
                0xAA64 => Some(Machine::Aarch64),
                _ => None,
            });
        }
    }
    if matches!(u32_at(0)?, 0xFEED_FACE | 0xFEED_FACF) {
        return Some(match u32_at(4)? & 0x00FF_FFFF {
            7 => Some(Machine::X86),
            12 => Some(Machine::Aarch64),
            _ => None,
        });
    }
    // WebAssembly has no relative branches.
    head.starts_with(b"\0asm").then_some(None)
}

/// A machine whose calls are frequent, as in an archive of programs: the upper byte of most of
/// their displacements is 0 or 255.
fn counted(block: &[u8]) -> Option<Machine> {
    let (mut opcodes, mut calls) = (0, 0);
    for code in block.windows(5).filter(|code| code[0] == 0xE8) {
        opcodes += 1;
        calls += usize::from(matches!(code[4], 0 | 0xFF));
    }
    let least = (block.len() / BYTES_A_CALL).max(CALLS_MIN);
    (calls >= least && calls * 2 > opcodes).then_some(Machine::X86)
}
