//! The mixture of experts against a slow form of it in Burn's own tensors.

use std::sync::Mutex;

use burn::tensor::{Device, Tensor, TensorData};
use umoec_trainer::grid::{ACTIVATION, Grid, HIDDEN, SQUARED, WEIGHT};
use umoec_trainer::layer::{Layer, Moe, expert_gates, initial};
use umoec_trainer::random::Random;

const SCORE: Grid = Grid::new(5, -127, 127);

fn tensor<const D: usize>(values: &[f32], dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), dims), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().unwrap()
}

/// `x` moved by a constant to `to`; its gradient passes where `open` is 1.
fn moved<const D: usize>(x: Tensor<D>, to: &[f32], open: &[f32], device: &Device) -> Tensor<D> {
    let dims = x.dims();
    let through = x * tensor(open, dims, device);
    let rest = tensor(to, dims, device) - through.clone().detach();
    through + rest
}

/// Rounded to `grid`, with a gradient of 1 inside and 0 at the ends.
fn straight<const D: usize>(x: Tensor<D>, grid: Grid, device: &Device) -> Tensor<D> {
    let now: Vec<f32> = values(x.clone()).iter().map(|&x| grid.round(x)).collect();
    let inside = |&v: &f32| f32::from(v > grid.low * grid.step && v < grid.high * grid.step);
    let open: Vec<f32> = now.iter().map(inside).collect();
    moved(x, &now, &open, device)
}

fn weight<const D: usize>(x: Tensor<D>, device: &Device) -> Tensor<D> {
    let now: Vec<f32> = values(x.clone()).iter().map(|&x| WEIGHT.round(x)).collect();
    let open = vec![1.0; now.len()];
    moved(x, &now, &open, device)
}

struct Slow<'a> {
    moe: &'a Moe,
    device: &'a Device,
}

impl Slow<'_> {
    /// `q` through squared rectified units; `gate` [rows, 1] is laid on the squares.
    fn experts(
        &self,
        q: &Tensor<2>,
        up: Tensor<2>,
        bias: Tensor<2>,
        down: Tensor<2>,
        gate: Option<Tensor<2>>,
    ) -> Tensor<2> {
        let u = q.clone().matmul(weight(up, self.device)) + bias;
        let u = straight(u, HIDDEN, self.device);
        let squares = u.clone() * u;
        let h = match gate {
            Some(gate) => squares * gate,
            None => squares,
        };
        // Squares have a gradient at both ends of their grid.
        let now: Vec<f32> = values(h.clone())
            .iter()
            .map(|&h| SQUARED.round(h))
            .collect();
        let open = vec![1.0; now.len()];
        let h = moved(h, &now, &open, self.device);
        h.matmul(weight(down, self.device))
    }

    /// `parameters` in the order of the layer's blocks.
    fn forward(&self, x: Tensor<2>, parameters: &[Tensor<2>]) -> Tensor<2> {
        let (moe, device) = (self.moe, self.device);
        let [rows, width] = x.dims();
        let q = straight(x.clone(), ACTIVATION, device);
        let scores = q.clone().matmul(weight(parameters[0].clone(), device));
        let scores = straight(scores, SCORE, device);
        let plain = values(scores.clone());
        let balance = values(parameters[1].clone());
        let mut y = x;
        for e in 0..moe.experts {
            let of = |row: usize, e: usize| plain[row * moe.experts + e] + SCORE.round(balance[e]);
            // An expert is chosen where fewer than `chosen` others stand before it.
            let chosen: Vec<f32> = (0..rows)
                .map(|row| {
                    let before = (0..moe.experts).filter(|&other| {
                        of(row, other) > of(row, e) || (of(row, other) == of(row, e) && other < e)
                    });
                    f32::from(before.count() < moe.chosen)
                })
                .collect();
            let score = scores.clone().slice([0..rows, e..e + 1]);
            let smooth = (score.clone().neg().exp() + 1.0).recip();
            let table = expert_gates();
            let now: Vec<f32> = values(score)
                .iter()
                .map(|s| f32::from(table[(s * 32.0 + 127.0) as usize]) / 128.0)
                .collect();
            let gate = moved(smooth, &now, &vec![1.0; rows], device);
            let part = |at: usize, rows: usize| {
                let columns = parameters[at].dims()[1];
                parameters[at]
                    .clone()
                    .slice([e * rows..(e + 1) * rows, 0..columns])
            };
            let out = self.experts(
                &q,
                part(2, width),
                part(3, 1),
                part(4, moe.hidden),
                Some(gate),
            );
            y = y + out * tensor(&chosen, [rows, 1], device);
        }
        if moe.shared > 0 {
            let [up, bias, down] = [5, 6, 7].map(|at| parameters[at].clone());
            y = y + self.experts(&q, up, bias, down, None);
        }
        y
    }
}

fn close(a: &[f32], b: &[f32], what: &str) {
    let size = b.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert!(size > 0.0, "{what} is all zero");
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(
            (a - b).abs() <= 1e-4 * size,
            "{what} {at}: {a} {b} of {size}"
        );
    }
}

#[test]
fn forward_and_backward_are_those_of_the_slow_form() {
    for (experts, shared, chosen) in [(4, 0, 1), (6, 1, 2), (3, 2, 3)] {
        let moe = Moe {
            width: 24,
            experts,
            shared,
            chosen,
            hidden: 10,
            load: Mutex::default(),
        };
        let mut random = Random::new(5, experts as u64);
        let mut parameters = initial(&moe, &mut random);
        // Far from the start, so that gates, biases and balances matter.
        parameters
            .iter_mut()
            .for_each(|p| *p = (*p + 0.2 * random.normal()).clamp(-1.0, 1.0));
        let rows = 30;
        let x: Vec<f32> = (0..rows * moe.width)
            .map(|_| 1.5 * random.normal())
            .collect();
        let dy: Vec<f32> = (0..x.len()).map(|_| random.normal()).collect();
        let (y, kept) = moe.forward(&x, &parameters);
        let (dx, gradient) = moe.backward(&parameters, kept, &dy);

        let device = Device::flex().autodiff();
        let slow_x = tensor(&x, [rows, moe.width], &device).require_grad();
        let blocks = moe.blocks();
        let mut rest = &parameters[..];
        let slow: Vec<Tensor<2>> = blocks
            .iter()
            .map(|block| {
                let (mine, others) = rest.split_at(block.size());
                rest = others;
                tensor(mine, [block.rows, block.columns], &device).require_grad()
            })
            .collect();
        let form = Slow {
            moe: &moe,
            device: &device,
        };
        let slow_y = form.forward(slow_x.clone(), &slow);
        close(&y, &values(slow_y.clone()), "y");
        let mut gradients = (slow_y * tensor(&dy, [rows, moe.width], &device))
            .sum()
            .backward();
        close(
            &dx,
            &values(slow_x.grad_remove(&mut gradients).unwrap()),
            "dx",
        );
        let mut rest = &gradient[..];
        for (block, slow) in blocks.iter().zip(&slow) {
            let (mine, others) = rest.split_at(block.size());
            rest = others;
            if block.name == "router.balance" {
                let load = Layer::load(&moe);
                let even = 1.0 / experts as f32;
                assert!(mine.iter().zip(&load).all(|(g, l)| *g == l - even));
                assert!((load.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            } else {
                let slow = values(slow.grad_remove(&mut gradients).unwrap());
                close(mine, &slow, &block.name);
            }
        }
    }
}
