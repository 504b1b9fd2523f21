//! The grids that values are rounded to, here and in the exported graph alike.

use std::cell::Cell;

thread_local! {
    static ROUNDING: Cell<bool> = const { Cell::new(true) };
}

/// Whether values are rounded on this thread; else they are only brought into their bounds.
pub fn rounding() -> bool {
    ROUNDING.get()
}

/// Runs `work` on this thread with values that are clipped and not rounded: the network as it
/// would be with real numbers, which tells what the rounding costs.
pub fn without_rounding<T>(work: impl FnOnce() -> T) -> T {
    /// Puts the switch back, even where `work` panics.
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            ROUNDING.set(self.0);
        }
    }
    let _back = Back(ROUNDING.replace(false));
    work()
}

/// Values `n · step` for integers `low <= n <= high`; `step` is a power of two, but for [`Grid::every`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Distance of neighbours.
    pub step: f32,
    /// Least integer.
    pub low: f32,
    /// Greatest integer.
    pub high: f32,
}

impl Grid {
    /// A grid of step 2^-`bits`.
    pub const fn new(bits: i32, low: i32, high: i32) -> Self {
        let step = f32::from_bits(((127 - bits) as u32) << 23);
        Self {
            step,
            low: low as f32,
            high: high as f32,
        }
    }

    /// log2 of 1 / step.
    pub const fn bits(self) -> i32 {
        127 - (self.step.to_bits() >> 23) as i32
    }

    /// Every `n`th value of the grid, zero among them.
    pub fn every(self, n: u8) -> Self {
        let n = f32::from(n);
        Self {
            step: n * self.step,
            low: (self.low / n).ceil(),
            high: (self.high / n).floor(),
        }
    }

    /// The integer `n` of the grid value nearest to `x`, halves upward.
    pub fn index(self, x: f32) -> f32 {
        (x / self.step + 0.5).floor().clamp(self.low, self.high)
    }

    /// The grid value nearest to `x`.
    pub fn round(self, x: f32) -> f32 {
        self.index(x) * self.step
    }

    /// `x` rounded, or only clipped. `rounds` is [`rounding`], asked once before a loop.
    pub fn fit(self, x: f32, rounds: bool) -> f32 {
        if rounds { self.round(x) } else { self.clip(x) }
    }

    /// `x` within the grid's bounds.
    pub fn clip(self, x: f32) -> f32 {
        x.max(self.low * self.step).min(self.high * self.step)
    }
}

/// Inputs of matrix products: eight bits, ±4.
pub const ACTIVATION: Grid = Grid::new(5, -127, 127);
/// The gate of a read-out: the non-negative half of [`ACTIVATION`].
pub const GATE: Grid = Grid::new(5, 0, 127);
/// What a state is read out as, before the gate: ±32.
pub const READ_OUT: Grid = Grid::new(6, -2047, 2047);
/// Logit of how much a state takes in: ±8.
pub const WRITE: Grid = Grid::new(4, -128, 127);
/// Hidden units before they are squared: 0 to 2.
pub const HIDDEN: Grid = Grid::new(6, 0, 127);
/// Hidden units after they are squared: 0 to 4.
pub const SQUARED: Grid = Grid::new(5, 0, 127);
/// Weights of matrices: ±1.
pub const WEIGHT: Grid = Grid::new(7, -127, 127);
/// The embedding of the last byte: ±4.
pub const BYTE: Grid = Grid::new(5, -127, 127);
/// Rows of the n-gram tables: four bits.
pub const ROW: Grid = Grid::new(2, -8, 7);
/// The residual stream, or what a block adds to it, where it is multiplied by one more number: ±8.
pub const RESIDUAL: Grid = Grid::new(12, -32_767, 32_767);
/// Features of a stream, 0 to 255, around their middle: ±1.
pub const FEATURE: Grid = Grid::new(7, -128, 127);
/// Scale, shift and gate of a modulation: ±2.
pub const MODULATION: Grid = Grid::new(6, -127, 127);
/// How much of a block that need not be computed is added: 0 to 1.
pub const SQUASH: Grid = Grid::new(7, 0, 127);
/// Logits leave the graph in 64ths of a binary order.
pub const LOGIT: Grid = Grid::new(6, -4096, 4095);
/// What a table of SiLU is asked for: ±4.
pub const SILU: Grid = Grid::new(5, -128, 127);
/// How much more of its input than of its forgetting a Mamba-2 head takes in: up to 32.
pub const GAIN: Grid = Grid::new(11, 1, 65535);
/// Inputs of a Mamba-2 state, times a gain: ±4.
pub const INPUT: Grid = Grid::new(6, -255, 255);
/// What a Mamba-2 head passes by its state: ±2.
pub const SKIP: Grid = Grid::new(8, -512, 512);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rounding_values_are_clipped_on_this_thread_alone() {
        let fit = |x| ROW.fit(x, rounding());
        assert_eq!(fit(0.3), 0.25);
        without_rounding(|| {
            assert_eq!([fit(0.3), fit(9.0), fit(-9.0)], [0.3, 1.75, -2.0]);
            let other = std::thread::spawn(rounding);
            assert!(other.join().unwrap());
        });
        let panicked = std::panic::catch_unwind(|| without_rounding(|| panic!("in the midst")));
        assert!(panicked.is_err() && rounding());
    }
}
