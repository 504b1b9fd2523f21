//! Slices of `f32` in, slices of `f32` out: the arithmetic below the layers.
//!
//! Matrices are row-major, one row per byte. Everything here is deterministic: the order of
//! every sum is fixed by the shapes alone.

mod conv;
mod elementwise;
mod heads;
mod matmul;
mod orthogonal;
mod scan;
mod ssd;
mod vectorised;

pub use conv::{TAIL, TAPS, conv_backward, conv_forward};
pub use elementwise::{
    cross_entropy_bits, hadamard_grid, keep_inside, quantise, quantise_all, sum_columns,
};
pub use heads::{add_dots, scale_heads};
pub use matmul::{matmul, matmul_nt, matmul_tn};
pub use orthogonal::orthogonal;
pub use scan::{ScanShape, scan_backward, scan_forward};
pub use ssd::{SsdShape, ssd_backward, ssd_forward};
