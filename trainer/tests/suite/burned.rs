//! What layers do, slowly and obviously, in Burn's own tensors under autodiff.

use burn::tensor::{Device, Tensor, TensorData};
use umoec_trainer::grid::{ACTIVATION, Grid, HIDDEN, RESIDUAL, SQUARED, WEIGHT};
use umoec_trainer::random::Random;

/// `len` normal numbers.
pub(crate) fn normal(random: &mut Random, len: usize, deviation: f32) -> Vec<f32> {
    (0..len).map(|_| deviation * random.normal()).collect()
}

/// A matrix whose gradient is wanted.
pub(crate) fn leaf(values: &[f32], columns: usize) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
    Tensor::from_data(data, &Device::flex().autodiff()).require_grad()
}

pub(crate) fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// `rounded` with the gradient of `x`.
fn through(x: Tensor<2>, rounded: Tensor<2>) -> Tensor<2> {
    rounded.detach() + (x.clone() - x.detach())
}

fn nearest(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    let units = (x / grid.step + 0.5).floor();
    units.clamp(grid.low, grid.high) * grid.step
}

/// Straight-through rounding.
pub(crate) fn round(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    through(x.clone(), nearest(x, grid))
}

/// Straight-through rounding without a gradient at the ends of the grid.
pub(crate) fn round_inside(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    let rounded = nearest(x.clone(), grid);
    let above = rounded.clone().greater_elem(grid.low * grid.step);
    let below = rounded.clone().lower_elem(grid.high * grid.step);
    let inside = above.float() * below.float();
    through(x * inside, rounded)
}

/// Straight-through rounding to the residual stream's grid, which has no ends.
pub(crate) fn stream(x: Tensor<2>) -> Tensor<2> {
    let units = (x.clone() / RESIDUAL.step + 0.5).floor();
    through(x, units * RESIDUAL.step)
}

/// What a layer of squared rectified units adds to `x`: `parameters` are its matrix, bias and matrix.
pub(crate) fn mlp(x: Tensor<2>, [up, bias, down]: [Tensor<2>; 3]) -> Tensor<2> {
    let u = round_inside(x, ACTIVATION).matmul(round(up, WEIGHT)) + bias;
    let u = round_inside(u, HIDDEN);
    round(u.clone() * u, SQUARED).matmul(round(down, WEIGHT))
}

/// Asserts that all of `found` is `wanted` to 1e-4 of the largest.
pub(crate) fn close(found: &[f32], wanted: &[f32], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let largest = wanted.iter().fold(0.0f32, |max, w| max.max(w.abs()));
    assert!(largest > 0.0, "{what}: nothing but zeros");
    for (at, (f, w)) in found.iter().zip(wanted).enumerate() {
        assert!((f - w).abs() <= 1e-4 * largest, "{what} {at}: {f} {w}");
    }
}
