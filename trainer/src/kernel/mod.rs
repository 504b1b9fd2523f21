//! Slices of `f32` in, slices of `f32` out: the arithmetic below the layers.
//!
//! Matrices are row-major, one row per byte. Everything here is deterministic: the order of
//! every sum is fixed by the shapes alone, and by the device where one is opened.

mod band;
mod beside;
mod by_head;
mod conv;
mod device;
mod elementwise;
mod gated;
mod heads;
mod matmul;
mod orthogonal;
mod route;
mod scan;
mod ssd;
mod vectorised;

pub use band::{
    Band, BandGradients, BandShape, FAR, SCORE, UNSEEN, WEIGHT_TOP, band_backward, band_forward,
    weight_table,
};
pub use beside::{BUCKETS, SUREST, beside_bits};
pub use by_head::{add_dots, scale_heads};
pub use conv::{TAIL, TAPS, conv_backward, conv_forward};
pub use device::{Device, check as check_device, open as open_device};
pub use elementwise::{
    cross_entropy_bits, hadamard_grid, keep_inside, quantise, quantise_all, sum_columns,
};
pub use gated::{add_gated, gated_backward, modulate, modulate_backward, residual};
pub use heads::{HeadShape, columns, matmul_heads, matmul_heads_backward, set_columns};
pub use matmul::{matmul, matmul_nt, matmul_tn, multiplications};
pub use orthogonal::orthogonal;
pub use route::{Routes, add_rows, gather_rows};
pub use scan::{ScanShape, scan_backward, scan_forward};
pub use ssd::{SsdShape, ssd_backward, ssd_forward};

pub(crate) use vectorised::vectorised;
