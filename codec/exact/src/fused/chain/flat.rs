//! Chains over elements that lie one behind another: most of a network's.
//!
//! Nothing is asked here that [`run`](super::run) asks for each tile. Blocks of [`WIDE`] elements, then of [`BLOCK`],
//! pass through all operators. Their registers are arrays of a fixed size: an operator is some vector
//! instructions without a loop.

use super::super::draft::{ChainOp, Mode};
use super::super::memory::Memory;
use super::super::scale::Type;
#[cfg(target_arch = "x86_64")]
use super::requantised::Requantised;
use super::small::SMALL;
use super::word::Word;
use super::{BLOCK, Chain, Operation, Port};

/// Elements of the larger blocks.
pub(super) const WIDE: usize = 64;

/// Rows shorter than this are for tiles, of which one holds several.
const SHORT: usize = 32;

/// A register: of a smaller block only the first elements count.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(in super::super) struct Strip([i32; ROOM]);

/// Elements that there is room for: those of the largest chain that is [`Small`](super::Small).
const ROOM: usize = SMALL;
const _: () = assert!(ROOM >= WIDE);

impl Strip {
    pub(in super::super) const ZERO: Self = Self::of(0);

    /// The same number everywhere.
    const fn of(n: i32) -> Self {
        Self([n; ROOM])
    }

    pub(super) const fn all(&self) -> &[i32] {
        &self.0
    }

    pub(super) const fn all_mut(&mut self) -> &mut [i32] {
        &mut self.0
    }

    #[inline(always)]
    fn get<const N: usize>(&self) -> [i32; N] {
        // `N` is at most `ROOM`.
        self.0.first_chunk().copied().unwrap_or([0; N])
    }

    #[inline(always)]
    fn set<const N: usize>(&mut self, from: [i32; N]) {
        if let Some(to) = self.0.first_chunk_mut() {
            *to = from;
        }
    }
}

/// A chain that runs on strips.
pub(in super::super) trait OnStrips {
    /// Runs it over all lanes.
    fn run(
        &self,
        constants: &Memory,
        memory: &mut Memory,
        tables: &[Vec<i64>],
        registers: &mut [Strip],
    );
}

/// Registers that hold one number each, in as many elements as a chain of `len` looks at.
#[inline(always)]
pub(super) fn fill(fills: &[(usize, i32)], registers: &mut [Strip], len: usize) {
    for &(to, n) in fills {
        if len <= BLOCK {
            registers[to].set([n; BLOCK]);
        } else {
            registers[to] = Strip::of(n);
        }
    }
}

/// Where a row's elements lie.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) register: usize,
    pub(super) constant: bool,
    pub(super) ty: Type,
    base: usize,
    /// Elements from one row to the next.
    row: usize,
    /// Whether all elements of a row are the one at its start.
    pub(super) same: bool,
}

/// A chain over rows of consecutive elements.
#[derive(Debug, Clone)]
pub(in super::super) struct Flat {
    pub(super) rows: usize,
    pub(super) len: usize,
    pub(super) loads: Vec<Run>,
    pub(super) fills: Vec<(usize, i32)>,
    pub(super) operations: Vec<Operation<i32>>,
    pub(super) puts: Vec<Run>,
    pub(in super::super) registers: usize,
    /// The same for kernels, if they know the form.
    #[cfg(target_arch = "x86_64")]
    pub(in super::super) requantised: Option<Requantised>,
}

impl Flat {
    /// The chain, if its elements lie so.
    pub(in super::super) fn of(chain: &Chain<i32>) -> Option<Self> {
        let tiling = &chain.tiling;
        // Rows are either what is cut into tiles, or what tiles are made of.
        let whole = tiling.row == 1;
        let (rows, len) = match tiling.outer[..] {
            [] if whole => (1, tiling.total),
            [rows] if whole => (rows, tiling.total),
            [] if tiling.row >= SHORT || tiling.total == 1 => (tiling.total, tiling.row),
            _ => return None,
        };
        let run = |port: &Port| {
            let (row, stride) = if whole {
                (port.outer.first().copied().unwrap_or(0), port.row)
            } else {
                let mut loops = port.inner.iter().filter(|&&(size, _)| size > 1);
                let &(size, stride) = loops.next()?;
                (size == len && loops.next().is_none()).then_some((port.row, stride))?
            };
            (stride <= 1 || len == 1).then_some(Run {
                register: port.register,
                constant: port.constant,
                ty: port.ty,
                base: port.base,
                row,
                same: stride == 0,
            })
        };
        let puts = chain.puts.iter().map(|put| {
            let run = run(&put.port).filter(|run| len == 1 || !run.same);
            run.filter(|_| put.mode == Mode::Set)
        });
        let fills = chain.fills.iter().map(|fill| match fill.op {
            ChainOp::Fill(n) => Some((fill.to, n)),
            _ => None,
        });
        #[cfg_attr(not(target_arch = "x86_64"), allow(unused_mut, reason = "no kernels"))]
        let mut flat = Self {
            rows,
            len,
            loads: chain.loads.iter().map(run).collect::<Option<_>>()?,
            fills: fills.collect::<Option<_>>()?,
            operations: chain.operations.clone(),
            puts: puts.collect::<Option<_>>()?,
            registers: chain.registers,
            #[cfg(target_arch = "x86_64")]
            requantised: None,
        };
        #[cfg(target_arch = "x86_64")]
        {
            flat.requantised = Requantised::of(&flat);
        }
        Some(flat)
    }

    /// Elements of a row from `at` on: `N`, of which `taken` are there.
    #[inline(always)]
    #[allow(
        clippy::too_many_arguments,
        reason = "where, how many, and what there is"
    )]
    fn block<const N: usize>(
        &self,
        row: usize,
        at: usize,
        taken: usize,
        constants: &Memory,
        memory: &mut Memory,
        tables: &[Vec<i64>],
        registers: &mut [Strip],
    ) {
        for run in &self.loads {
            let loaded = run.load::<N>(constants, memory, [row, at, taken]);
            registers[run.register].set(loaded);
        }
        for operation in &self.operations {
            operate::<N>(operation, registers, tables, taken);
        }
        for run in &self.puts {
            let from = registers[run.register].get::<N>();
            run.store(memory, [row, at, taken], from);
        }
    }
}

impl OnStrips for Flat {
    #[inline(always)]
    fn run(
        &self,
        constants: &Memory,
        memory: &mut Memory,
        tables: &[Vec<i64>],
        registers: &mut [Strip],
    ) {
        fill(&self.fills, registers, self.len);
        for row in 0..self.rows {
            let mut at = 0;
            while self.len - at >= WIDE {
                self.block::<WIDE>(row, at, WIDE, constants, memory, tables, registers);
                at += WIDE;
            }
            while at < self.len {
                let taken = BLOCK.min(self.len - at);
                self.block::<BLOCK>(row, at, taken, constants, memory, tables, registers);
                at += taken;
            }
        }
    }
}

impl Run {
    /// The place of a row's element.
    #[inline(always)]
    pub(super) const fn at(&self, row: usize, at: usize) -> usize {
        self.base + row * self.row + if self.same { 0 } else { at }
    }

    /// Elements of a row from `at` on: `N`, of which `taken` are there.
    #[inline(always)]
    fn load<const N: usize>(
        &self,
        constants: &Memory,
        memory: &Memory,
        [row, at, taken]: [usize; 3],
    ) -> [i32; N] {
        let memory = if self.constant { constants } else { memory };
        let at = self.at(row, at);
        let taken = if self.same { 1 } else { taken };
        match self.ty {
            Type::I8 => read(memory.i8.all(), at, taken, i32::from),
            Type::U8 => read(memory.u8.all(), at, taken, i32::from),
            Type::I16 => read(memory.i16.all(), at, taken, i32::from),
            Type::I32 => read(memory.i32.all(), at, taken, |n| n),
            Type::I64 => read(memory.i64.all(), at, taken, |n| n as i32),
        }
    }

    /// Stores them.
    #[inline(always)]
    fn store<const N: usize>(
        &self,
        memory: &mut Memory,
        [row, at, taken]: [usize; 3],
        from: [i32; N],
    ) {
        let at = self.at(row, at);
        match self.ty {
            Type::I8 => write(memory.i8.all_mut(), at, taken, &from, |n| n as i8),
            Type::U8 => write(memory.u8.all_mut(), at, taken, &from, |n| n as u8),
            Type::I16 => write(memory.i16.all_mut(), at, taken, &from, |n| n as i16),
            Type::I32 => write(memory.i32.all_mut(), at, taken, &from, |n| n),
            Type::I64 => write(memory.i64.all_mut(), at, taken, &from, i64::from),
        }
    }
}

/// Widens elements; a single one stands for all.
#[inline(always)]
fn read<S: Copy, const N: usize>(
    from: &[S],
    at: usize,
    taken: usize,
    widen: impl Fn(S) -> i32,
) -> [i32; N] {
    if taken == 1 {
        return [widen(from[at]); N];
    }
    let from = &from[at..];
    let mut to = [0; N];
    if taken == N
        && let Some(from) = from.first_chunk::<N>()
    {
        for (to, &n) in to.iter_mut().zip(from) {
            *to = widen(n);
        }
    } else {
        for (to, &n) in to.iter_mut().zip(&from[..taken]) {
            *to = widen(n);
        }
    }
    to
}

#[inline(always)]
fn write<S: Copy, const N: usize>(
    to: &mut [S],
    at: usize,
    taken: usize,
    from: &[i32; N],
    narrow: impl Fn(i32) -> S,
) {
    let to = &mut to[at..];
    if taken == N
        && let Some(to) = to.first_chunk_mut::<N>()
    {
        for (to, &n) in to.iter_mut().zip(from) {
            *to = narrow(n);
        }
    } else {
        for (to, &n) in to[..taken].iter_mut().zip(from) {
            *to = narrow(n);
        }
    }
}

/// Applies an operation to the first `N` elements of registers.
#[inline(always)]
pub(super) fn operate<const N: usize>(
    operation: &Operation<i32>,
    registers: &mut [Strip],
    tables: &[Vec<i64>],
    taken: usize,
) {
    let to = operation.to;
    let all = registers;
    match operation.op {
        ChainOp::Add(a, b) => two::<N>(all, to, a, b, |a, b| a.plus(b)),
        ChainOp::Sub(a, b) => two::<N>(all, to, a, b, |a, b| a.less(b)),
        ChainOp::Mul(a, b) => two::<N>(all, to, a, b, |a, b| a.times(b)),
        ChainOp::Min(a, b) => two::<N>(all, to, a, b, |a, b| a.min(b)),
        ChainOp::Max(a, b) => two::<N>(all, to, a, b, |a, b| a.max(b)),
        ChainOp::Greater(a, b) => two::<N>(all, to, a, b, |a, b| i32::from_bool(a > b)),
        ChainOp::GreaterOrEqual(a, b) => two::<N>(all, to, a, b, |a, b| i32::from_bool(a >= b)),
        ChainOp::Equal(a, b) => two::<N>(all, to, a, b, |a, b| i32::from_bool(a == b)),
        ChainOp::AddConstant(a, n) => one::<N>(all, to, a, |a| a.plus(n)),
        ChainOp::MulConstant(a, n) => one::<N>(all, to, a, |a| a.times(n)),
        ChainOp::SubFrom(n, a) => one::<N>(all, to, a, |a| n.less(a)),
        ChainOp::Abs(a) => one::<N>(all, to, a, |a| a.magnitude()),
        ChainOp::ShiftLeft(a, k) => one::<N>(all, to, a, |a| a.left(k)),
        ChainOp::ShiftRight(a, k) => one::<N>(all, to, a, |a| a.right(k)),
        ChainOp::Clip(a, low, high) => one::<N>(all, to, a, |a| a.max(low).min(high)),
        ChainOp::Requantise(a, n, k, low, high) => {
            one::<N>(all, to, a, |a| a.plus(n).right(k).max(low).min(high));
        }
        ChainOp::Select(c, a, b) => {
            let [c, a, b] = [c, a, b].map(|from| all[from].get::<N>());
            let chosen = std::array::from_fn(|i| if c[i] == 0 { b[i] } else { a[i] });
            all[to].set::<N>(chosen);
        }
        ChainOp::Lookup(a, table) => {
            let (from, table) = (all[a].get::<N>(), &tables[table][..]);
            // Indices are proved; the bound is the compiler's.
            let find = |&n: &i32| table.get(n as usize).map_or(0, |&n| n as i32);
            for (to, n) in all[to].0.iter_mut().zip(&from[..taken]) {
                *to = find(n);
            }
        }
        ChainOp::Fill(n) => all[to].set([n; N]),
    }
}

#[inline(always)]
fn one<const N: usize>(all: &mut [Strip], to: usize, a: usize, f: impl Fn(i32) -> i32) {
    let a = all[a].get::<N>();
    all[to].set::<N>(a.map(f));
}

#[inline(always)]
fn two<const N: usize>(
    all: &mut [Strip],
    to: usize,
    a: usize,
    b: usize,
    f: impl Fn(i32, i32) -> i32,
) {
    let (a, b) = (all[a].get::<N>(), all[b].get::<N>());
    all[to].set::<N>(std::array::from_fn(|i| f(a[i], b[i])));
}
