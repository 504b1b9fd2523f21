//! A patch block written with Burn's own tensors, stream by stream, patch by patch.

use burn::tensor::{Tensor, TensorData};
use umoec_trainer::config::{BlockConfig, PatchConfig};
use umoec_trainer::grid::{ACTIVATION, Grid, HIDDEN, SQUARED, WEIGHT};

/// Patch rows and answers: ±32 in steps of 2^-10.
const HELD: Grid = Grid::new(10, -32_767, 32_767);

/// A row and the stretch it belongs to. No gradient goes from one stretch to another.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) x: Tensor<2>,
    pub(super) stretch: usize,
}

impl Row {
    /// The row's value for work of `stretch`.
    fn seen_in(&self, stretch: usize) -> Tensor<2> {
        if self.stretch < stretch {
            self.x.clone().detach()
        } else {
            self.x.clone()
        }
    }
}

/// The rounded values, and the gradient as if nothing had been.
fn straight(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    let rounded = rounded(x.clone(), grid);
    x.clone() + (rounded - x).detach()
}

/// As [`straight`], but without a gradient where a value lies on an end of the grid.
fn inside(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    let rounded = rounded(x.clone(), grid).detach();
    let ends = [grid.low * grid.step, grid.high * grid.step];
    let above = rounded.clone().greater_elem(ends[0]).float();
    let below = rounded.clone().lower_elem(ends[1]).float();
    let x = x * above * below;
    x.clone() + (rounded - x).detach()
}

fn rounded(x: Tensor<2>, grid: Grid) -> Tensor<2> {
    let index = (x / grid.step + 0.5).floor();
    index.clamp(grid.low, grid.high) * grid.step
}

/// The rows of one stream after `block`, whose parameters are taken from `parameters`.
pub(super) fn block(
    block: &BlockConfig,
    rows: Vec<Row>,
    parameters: &mut std::slice::Iter<'_, Tensor<2>>,
) -> Vec<Row> {
    match block {
        BlockConfig::Mlp(_) => mlp(rows, parameters),
        BlockConfig::Patch(config) => patch(config, &rows, parameters),
        other => panic!("{other:?} has no slow form here"),
    }
}

fn mlp(rows: Vec<Row>, parameters: &mut std::slice::Iter<'_, Tensor<2>>) -> Vec<Row> {
    let mut next = || parameters.next().unwrap().clone();
    let [up, bias, down] = [next(), next(), next()];
    let (up, down) = (straight(up, WEIGHT), straight(down, WEIGHT));
    let after = |row: Row| {
        let u = inside(row.x.clone(), ACTIVATION).matmul(up.clone()) + bias.clone();
        let u = inside(u, HIDDEN);
        let y = straight(u.clone() * u, SQUARED).matmul(down.clone());
        Row {
            x: row.x + y,
            ..row
        }
    };
    rows.into_iter().map(after).collect()
}

fn patch(
    config: &PatchConfig,
    rows: &[Row],
    parameters: &mut std::slice::Iter<'_, Tensor<2>>,
) -> Vec<Row> {
    let mut next = || parameters.next().unwrap().clone();
    let [win, bias, wout] = [next(), next(), next()];
    let width = win.dims()[0] / config.bytes;
    // Weights of a column of more than 128 count less, by the root of how many more.
    let mut finer = 0u32;
    while win.dims()[0] >= 128 << (2 * (finer + 1)) {
        finer += 1;
    }
    let win = straight(win, WEIGHT) / (1 << finer) as f32;
    let wout = straight(wout, WEIGHT).transpose();

    let mut patches = Vec::new();
    for rows in rows.chunks_exact(config.bytes) {
        let stretch = rows[config.bytes - 1].stretch;
        let mut sum = bias.clone();
        // At most 1024 values are multiplied and added before their sum is rounded.
        for (part, rows) in rows.chunks(1024 / width).enumerate() {
            let rows = rows.iter().map(|row| row.seen_in(stretch)).collect();
            let q = inside(Tensor::cat(rows, 1), ACTIVATION);
            let from = part * (1024 / width) * width;
            let to = from + q.dims()[1];
            let product = q.matmul(win.clone().slice([from..to, 0..config.width]));
            sum = sum + inside(product, HELD);
        }
        let x = inside(sum, HELD);
        patches.push(Row { x, stretch });
    }
    for inner in &config.blocks {
        patches = block(inner, patches, parameters);
    }
    let answer = |patch: Row| {
        let product = inside(patch.x, ACTIVATION).matmul(wout.clone());
        Row {
            x: inside(product, HELD).reshape([config.bytes, width]),
            ..patch
        }
    };
    let answers: Vec<Row> = patches.into_iter().map(answer).collect();

    let mut after = rows.to_vec();
    for (at, row) in after.iter_mut().enumerate().skip(config.bytes) {
        let answer = answers[at / config.bytes - 1].seen_in(row.stretch);
        let own = at % config.bytes;
        row.x = row.x.clone() + answer.slice([own..own + 1, 0..width]);
    }
    after
}

/// A tensor whose gradient is asked for.
pub(super) fn leaf(values: &[f32], rows: usize) -> Tensor<2> {
    let device = burn::tensor::Device::flex().autodiff();
    let data = TensorData::new(values.to_vec(), [rows, values.len() / rows]);
    Tensor::from_data(data, &device).require_grad()
}

/// The values of a tensor.
pub(super) fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}
