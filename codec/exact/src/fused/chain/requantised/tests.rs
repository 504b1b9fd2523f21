//! The kernel against the chain that it stands for.

use proptest::prelude::*;

use super::*;
use crate::fused::chain::flat::{OnStrips as _, Strip};
use crate::fused::chain::{Chain, Mode, Operation, Port, Put, Tiling};
use crate::fused::isa::Isa;
use crate::fused::memory::Sizes;
use crate::random::Random;

const TYPES: [Type; 4] = [Type::I8, Type::U8, Type::I16, Type::I32];

type Kernel = unsafe fn(&Requantised, &mut Memory);

/// A random chain of the form, over rows of `len` elements that lie `len + gap` apart.
fn chain(
    random: &mut Random,
    rows: usize,
    len: usize,
    gap: usize,
    sizes: &mut Sizes,
) -> Chain<i32> {
    let mut port = |register, ty| Port {
        register,
        constant: false,
        ty,
        base: sizes.reserve(ty, rows * (len + gap)),
        outer: vec![len + gap],
        row: 1,
        inner: vec![(1, 1)],
    };
    let mut any = || TYPES[random.below(TYPES.len() as u64) as usize];
    let loads = vec![port(0, Type::I32), port(1, any()), port(2, any())];
    let puts = [any(), any(), any()];
    let (with_other, second) = (random.flag(), random.below(3));
    let mut operations = Vec::new();
    let mut push = |to, op| operations.push(Operation { to, op });
    let total = if with_other {
        push(3, ChainOp::ShiftLeft(1, 3));
        push(4, ChainOp::Add(3, 0));
        4
    } else {
        0
    };
    push(5, ChainOp::Requantise(total, 8, 4, -127, 127));
    match second {
        0 => {}
        1 => {
            push(6, ChainOp::Mul(5, 2));
            push(7, ChainOp::Requantise(6, 32, 6, -100, 120));
        }
        _ => {
            push(6, ChainOp::Mul(5, 5));
            push(3, ChainOp::AddConstant(6, 64));
            push(7, ChainOp::ShiftRight(3, 7));
        }
    }
    let mut registers = vec![5];
    if with_other {
        registers.push(4);
    }
    if second > 0 {
        registers.push(7);
    }
    let puts = registers.into_iter().zip(puts).map(|(register, ty)| Put {
        port: port(register, ty),
        mode: Mode::Set,
    });
    Chain {
        tiling: Tiling {
            outer: vec![rows],
            total: len,
            rows: len,
            row: 1,
        },
        puts: puts.collect(),
        loads,
        fills: Vec::new(),
        operations,
        clears: Vec::new(),
        registers: 8,
    }
}

proptest! {
    #[test]
    fn the_kernel_does_what_the_chain_says(
        rows in 1usize..4, vectors in 1usize..12, gap in 0usize..9, seed in any::<u64>(),
    ) {
        let mut random = Random::new(seed);
        let mut sizes = Sizes::default();
        let chain = chain(&mut random, rows, vectors * WORDS, gap, &mut sizes);
        let flat = Flat::of(&chain).unwrap();
        let kernel = flat.requantised.as_ref().expect("it is of the form");
        let kernels: [(Isa, Kernel); 2] =
            [(Isa::Avx2, Requantised::avx2), (Isa::Avx512, Requantised::avx512)];
        let mut memory = Memory::new(&sizes);
        memory.i8.all_mut().iter_mut().for_each(|n| *n = random.byte() as i8);
        memory.u8.all_mut().iter_mut().for_each(|n| *n = random.byte());
        memory.i16.all_mut().iter_mut().for_each(|n| *n = random.word() as i16);
        memory.i32.all_mut().iter_mut().for_each(|n| *n = random.word() as i32 >> 12);
        let mut expected = memory.clone();
        flat.run(&Memory::new(&Sizes::default()), &mut expected, &[], &mut [Strip::ZERO; 8]);
        let before = memory;
        for (isa, run) in kernels {
            if !isa.is_here() {
                // Elsewhere the chain itself runs, which other tests are about.
                eprintln!("not compared: this machine has no {isa}");
                continue;
            }
            let mut memory = before.clone();
            // SAFETY: the machine has the instructions.
            unsafe { run(kernel, &mut memory) };
            prop_assert!(memory.i8.all() == expected.i8.all());
            prop_assert!(memory.u8.all() == expected.u8.all());
            prop_assert!(memory.i16.all() == expected.i16.all());
            prop_assert!(memory.i32.all() == expected.i32.all());
        }
    }
}
