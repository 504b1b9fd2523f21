//! Layers against slow, obvious references in Burn's own tensors, differentiated by Burn.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use umoec_trainer::config::BlockConfig;
use umoec_trainer::grid::{Grid, WEIGHT};
use umoec_trainer::layer::{Features, Place, build, initial, initial_states, split};
use umoec_trainer::random::Random;

/// A matrix without a gradient.
pub(crate) fn constant(values: Vec<f32>, columns: usize) -> Tensor<2> {
    let shape = [values.len() / columns, columns];
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

pub(crate) fn values(tensor: &Tensor<2>) -> Vec<f32> {
    tensor.to_data().try_to_vec::<f32>().unwrap()
}

/// `x` made `rounded`, with the gradient of `x` where `keep` says so and none elsewhere.
pub(crate) fn straight(
    x: Tensor<2>,
    rounded: impl Fn(f32) -> f32,
    keep: impl Fn(f32) -> bool,
) -> Tensor<2> {
    let columns = x.dims()[1];
    let own = values(&x);
    let kept = own.iter().map(|&v| f32::from(keep(rounded(v)))).collect();
    let rounded = constant(own.iter().map(|&v| rounded(v)).collect(), columns);
    let passed = x * constant(kept, columns);
    rounded + (passed.clone() - passed.detach())
}

/// Rounded to `grid`; no gradient passes at its ends.
pub(crate) fn on(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    let (low, high) = (grid.low * grid.step, grid.high * grid.step);
    straight(x, |v| grid.round(v), |v| v > low && v < high)
}

/// Rounded weights, whose gradients pass everywhere.
pub(crate) fn weight(x: &Tensor<2>) -> Tensor<2> {
    straight(x.clone(), |v| WEIGHT.round(v), |_| true)
}

pub(crate) fn row(x: &Tensor<2>, at: usize) -> Tensor<2> {
    x.clone().narrow(0, at, 1)
}

pub(crate) fn columns(x: &Tensor<2>, from: usize, count: usize) -> Tensor<2> {
    x.clone().narrow(1, from, count)
}

fn near(found: &[f32], wanted: &[f32], what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let size = wanted.iter().fold(0.0f32, |size, w| size.max(w.abs()));
    assert!(size > 0.0, "{what} is zero throughout");
    for (at, (f, w)) in found.iter().zip(wanted).enumerate() {
        assert!((f - w).abs() <= 1e-4 * size, "{what} {at}: {f} is not {w}");
    }
}

const WIDTH: usize = 12;
const LANES: usize = 2;
/// Bytes of each lane: a stretch, and another that goes on from it.
const BYTES: usize = 83;
const CUT: usize = 38;
/// Of lane 1; lane 0 goes on from the start.
const START: usize = 57;

/// Holds `block` against `reference`, which gives the output of one lane, [bytes, width], from the
/// layer's blocks, its input, where streams start, and where gradients of states are cut.
pub(crate) fn agrees(
    block: &BlockConfig,
    scale: f32,
    reference: impl Fn(&[Tensor<2>], &Tensor<2>, &[bool], usize) -> Tensor<2>,
) {
    let mut random = Random::new(21, 0);
    let mut some = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<_>>();
    let starts: Vec<Vec<bool>> = (0..LANES)
        .map(|lane| {
            (0..BYTES)
                .map(|t| t == 0 || (lane == 1 && t == START))
                .collect()
        })
        .collect();
    let x: Vec<Vec<f32>> = (0..LANES).map(|_| some(BYTES * WIDTH)).collect();
    let dy: Vec<Vec<f32>> = (0..LANES).map(|_| some(BYTES * WIDTH)).collect();

    // The layer, one stretch after the other.
    let mut states = initial_states(block, WIDTH, LANES);
    let mut out = vec![vec![0.0; BYTES * WIDTH]; LANES];
    let mut dx = out.clone();
    let (mut parameters, mut gradient, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for range in [0..CUT, CUT..BYTES] {
        let of = |all: &[Vec<f32>]| -> Vec<f32> {
            let part = range.start * WIDTH..range.end * WIDTH;
            all.iter()
                .flat_map(|lane| lane[part.clone()].to_vec())
                .collect()
        };
        let place = Place {
            width: WIDTH,
            lanes: LANES,
            starts: Arc::new(
                starts
                    .iter()
                    .flat_map(|s| s[range.clone()].to_vec())
                    .collect(),
            ),
            features: Features::default(),
        };
        let layer = build(block, &place, &mut std::mem::take(&mut states).into_iter());
        if parameters.is_empty() {
            sizes = layer.blocks();
            parameters = initial(&*layer, &mut Random::new(22, 0));
            // Nothing that is learned is left at zero.
            let mut noise = Random::new(23, 0);
            parameters
                .iter_mut()
                .for_each(|p| *p = *p * scale + 0.1 * noise.normal());
            gradient = vec![0.0; parameters.len()];
        }
        let (y, kept) = layer.forward(&of(&x), &parameters);
        let (d, g) = layer.backward(&parameters, kept, &of(&dy));
        gradient.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
        let per_lane = range.len() * WIDTH;
        for lane in 0..LANES {
            let (to, from) = (range.start * WIDTH, lane * per_lane);
            out[lane][to..to + per_lane].copy_from_slice(&y[from..from + per_lane]);
            dx[lane][to..to + per_lane].copy_from_slice(&d[from..from + per_lane]);
        }
        states = layer.states();
    }

    // The reference, whole.
    let tensors: Vec<Tensor<2>> = split(&sizes, &parameters)
        .iter()
        .zip(&sizes)
        .map(|(values, block)| constant(values.to_vec(), block.columns).require_grad())
        .collect();
    let inputs: Vec<Tensor<2>> = x
        .iter()
        .map(|x| constant(x.clone(), WIDTH).require_grad())
        .collect();
    let mut loss = constant(vec![0.0], 1).sum();
    for lane in 0..LANES {
        let y = reference(&tensors, &inputs[lane], &starts[lane], CUT);
        near(&out[lane], &values(&y), "output");
        loss = loss + (y * constant(dy[lane].clone(), WIDTH)).sum();
    }
    let mut gradients = loss.backward();
    for lane in 0..LANES {
        let wanted = inputs[lane].grad_remove(&mut gradients).unwrap();
        near(&dx[lane], &values(&wanted), "gradient of the input");
    }
    for ((tensor, block), found) in tensors.iter().zip(&sizes).zip(split(&sizes, &gradient)) {
        let wanted = tensor.grad_remove(&mut gradients).unwrap();
        near(found, &values(&wanted), &block.name);
    }
}
