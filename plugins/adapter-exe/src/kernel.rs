//! Branch targets: relative to absolute and back, in place (`spec.md`, section 2).

/// The instruction set whose branches are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Machine {
    /// x86 and x86-64: calls and jumps, conditional ones too, with 32-bit displacements.
    X86,
    /// AArch64: `bl`.
    Aarch64,
}

/// Relative to absolute, the first byte having the address `base`.
pub(crate) fn forward(data: &mut [u8], machine: Machine, base: u32) {
    match machine {
        // From the end: what a branch looks like must not depend on what follows it, when the
        // way back goes from the beginning.
        Machine::X86 => {
            for at in (0..data.len().saturating_sub(4)).rev() {
                if let Some(field) = x86(data, at) {
                    let relative = u32::from_le_bytes([field[0], field[1], field[2], 0]);
                    let target = relative.wrapping_add(base).wrapping_add(at as u32);
                    field.copy_from_slice(&target.to_be_bytes()[1..]);
                }
            }
        }
        Machine::Aarch64 => aarch64(data, |offset, address| offset.wrapping_add(address), base),
    }
}

/// The way back.
pub(crate) fn inverse(data: &mut [u8], machine: Machine, base: u32) {
    match machine {
        Machine::X86 => {
            for at in 0..data.len().saturating_sub(4) {
                if let Some(field) = x86(data, at) {
                    let target = u32::from_be_bytes([0, field[0], field[1], field[2]]);
                    let relative = target.wrapping_sub(base).wrapping_sub(at as u32);
                    field.copy_from_slice(&relative.to_le_bytes()[..3]);
                }
            }
        }
        Machine::Aarch64 => aarch64(data, |offset, address| offset.wrapping_sub(address), base),
    }
}

/// The low three bytes of the displacement of a call or jump whose opcode ends at `at`, and which is in reach. What it looks at
/// is not what it gives: both ways see the same there.
fn x86(data: &mut [u8], at: usize) -> Option<&mut [u8]> {
    let before = at.checked_sub(1).map(|before| data[before]);
    let code = data.get_mut(at..at + 5)?;
    let is_branch = match code[0] {
        0xE8 | 0xE9 => true,
        0x80..=0x8F => before == Some(0x0F),
        _ => false,
    };
    (is_branch && matches!(code[4], 0 | 0xFF)).then_some(&mut code[1..4])
}

/// Changes the displacement of every `bl`, in units of four bytes.
fn aarch64(data: &mut [u8], change: fn(u32, u32) -> u32, base: u32) {
    let first = base.wrapping_neg() as usize % 4;
    let first = first.min(data.len());
    for (number, word) in data[first..].chunks_exact_mut(4).enumerate() {
        let code = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        if code >> 26 == 0b10_0101 {
            let address = base.wrapping_add((first + 4 * number) as u32) / 4;
            let field = change(code, address) & 0x03FF_FFFF;
            word.copy_from_slice(&(0x9400_0000 | field).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_one_function_look_alike() {
        // Two calls, at 0 and 16, of a function at 0x105.
        let mut code = [0u8; 32];
        code[..5].copy_from_slice(&[0xE8, 0x00, 0x01, 0, 0]);
        code[16..21].copy_from_slice(&[0xE8, 0xF0, 0, 0, 0]);
        let before = code;
        forward(&mut code, Machine::X86, 0);
        assert_eq!(code[1..4], code[17..20]);
        inverse(&mut code, Machine::X86, 0);
        assert_eq!(code, before);
    }

    #[test]
    fn conditional_jumps_are_branches_behind_0f_alone() {
        let code = |first: u8| {
            let mut code = [0u8; 32];
            code[..6].copy_from_slice(&[first, 0x84, 0x00, 0x01, 0, 0]);
            code[16..22].copy_from_slice(&[first, 0x8F, 0xF0, 0, 0, 0]);
            code
        };
        let mut other = code(0x0E);
        forward(&mut other, Machine::X86, 7);
        assert_eq!(other, code(0x0E));
        let mut jumps = code(0x0F);
        forward(&mut jumps, Machine::X86, 7);
        assert_eq!(jumps[2..5], jumps[18..21]);
        assert_ne!(jumps, code(0x0F));
        inverse(&mut jumps, Machine::X86, 7);
        assert_eq!(jumps, code(0x0F));
    }

    /// Branches that overlap, and opcodes that others make.
    #[test]
    fn any_bytes_come_back() {
        let mut state = 3u32;
        let mut next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [0xE8, 0xE9, 0x0F, 0x84, 0x8F, 0, 0xFF, 1][(state >> 29) as usize]
        };
        for base in [0, 0x00FF_FFF0, u32::MAX] {
            let before: Vec<u8> = (0..5000).map(&mut next).collect();
            let mut data = before.clone();
            forward(&mut data, Machine::X86, base);
            assert_ne!(data, before);
            inverse(&mut data, Machine::X86, base);
            assert!(data == before);
        }
    }

    #[test]
    fn bl_of_one_function_looks_alike() {
        let mut code = [0u8; 34];
        code[2..6].copy_from_slice(&0x9400_0040u32.to_le_bytes());
        code[10..14].copy_from_slice(&0x9400_003Eu32.to_le_bytes());
        let before = code;
        // Two bytes before an address that is a multiple of four.
        forward(&mut code, Machine::Aarch64, 4094);
        assert_eq!(code[2..6], code[10..14]);
        inverse(&mut code, Machine::Aarch64, 4094);
        assert_eq!(code, before);
    }
}
