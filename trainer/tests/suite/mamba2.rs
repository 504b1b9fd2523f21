//! Mamba-2 against a plain loop in Burn's own tensors, and its exported graph.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use umoec_exact::{Fused, ModelLimits, StepModel, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::{BlockConfig, Config, Mamba2Config, MixerConfig, MlpConfig};
use umoec_trainer::data::Stretch;
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::export::export;
use umoec_trainer::grid::{ACTIVATION, GAIN, Grid, INPUT, READ_OUT, SILU, SKIP, WEIGHT, WRITE};
use umoec_trainer::layer::{Layer, Mamba2, Place, ScanForm, initial};
use umoec_trainer::random::Random;
use umoec_trainer::trainer::Trainer;

type Matrix = Tensor<2>;

const WIDTH: usize = 8;
const LANES: usize = 2;
const BYTES: usize = 23;
const CONFIG: Mamba2Config = Mamba2Config {
    channels: 16,
    heads: 2,
    states: 3,
    shift: 9,
};
const MIXED: usize = CONFIG.channels + 2 * CONFIG.states;

fn matrix(values: &[f32], columns: usize) -> Matrix {
    let shape = [values.len() / columns, columns];
    Matrix::from_data(
        TensorData::new(values.to_vec(), shape),
        &Device::flex().autodiff(),
    )
}

fn vec(tensor: Matrix) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// `to` for the forward pass, `from` for the gradient.
fn instead(from: Matrix, to: Matrix) -> Matrix {
    from.clone() + (to - from).detach()
}

fn nearest(x: Matrix, grid: Grid) -> Matrix {
    ((x / grid.step + 0.5).floor()).clamp(grid.low, grid.high) * grid.step
}

/// Rounded; the gradient passes but at the ends.
fn rounded(x: Matrix, grid: Grid) -> Matrix {
    let r = nearest(x.clone(), grid);
    let n = r.clone() / grid.step;
    let inside = n.clone().greater_elem(grid.low).float() * n.lower_elem(grid.high).float();
    instead(x * inside.detach(), r)
}

fn silu(x: Matrix) -> Matrix {
    let y = x.clone() / (x.neg().exp() + 1.0);
    instead(y.clone(), nearest(y, ACTIVATION))
}

/// What a lane carries: the last three inputs of the convolution, oldest first, and the state.
type Carried = (Vec<Matrix>, Matrix);

fn fresh() -> Carried {
    let zeros = |rows: usize, columns: usize| matrix(&vec![0.0; rows * columns], columns);
    (
        vec![zeros(1, MIXED); 3],
        zeros(CONFIG.states, CONFIG.channels),
    )
}

/// The layer as its documentation says it, byte after byte; `x`: [bytes, width] of one lane.
fn reference(x: &Matrix, starts: &[bool], p: &[Matrix], carried: &mut Carried) -> Matrix {
    let (channels, states, heads) = (CONFIG.channels, CONFIG.states, CONFIG.heads);
    let weight = |w: &Matrix| instead(w.clone(), nearest(w.clone(), WEIGHT));
    // A head's value in each of its channels.
    let spread: Vec<f32> = (0..heads * channels)
        .map(|i| f32::from(i % channels / (channels / heads) == i / channels))
        .collect();
    let spread = |h: Matrix| h.matmul(matrix(&spread, channels));
    let unit = (-CONFIG.shift as f32).exp2();
    let mut rows = Vec::new();
    for (t, &start) in starts.iter().enumerate() {
        if start {
            *carried = fresh();
        }
        let row = x.clone().slice([t..t + 1, 0..WIDTH]);
        let u = rounded(row.clone(), ACTIVATION).matmul(weight(&p[0]));
        let part =
            |u: &Matrix, from: usize, width: usize| u.clone().slice([0..1, from..from + width]);
        let z = silu(rounded(part(&u, 0, channels), SILU));
        carried
            .0
            .push(rounded(part(&u, channels, MIXED), ACTIVATION));
        let taps = weight(&p[1]);
        let mut v = p[2].clone();
        for (k, input) in carried.0.iter().enumerate() {
            v = v + input.clone() * taps.clone().slice([k..k + 1, 0..MIXED]);
        }
        carried.0.remove(0);
        let v = silu(rounded(v, SILU));
        let x = part(&v, 0, channels);
        let (b, c) = (
            part(&v, channels, states),
            part(&v, channels + states, states),
        );

        let d = rounded(part(&u, channels + MIXED, heads) + p[3].clone(), WRITE);
        let dt = d.exp().log1p();
        let forgotten = (dt.clone() * p[4].clone().exp()).neg().exp().neg() + 1.0;
        let below = forgotten.clone().lower_elem(255.0 * unit).float().detach();
        let gate = (forgotten.clone() / unit + 0.5).floor().clamp(1.0, 255.0) * unit;
        let gate = instead(forgotten * below, gate);
        let gain = dt / gate.clone();
        let below = gain
            .clone()
            .lower_elem(GAIN.high * GAIN.step)
            .float()
            .detach();
        let gain = instead(gain.clone() * below, nearest(gain, GAIN));

        let input = rounded(x.clone() * spread(gain), INPUT);
        let target = b.transpose().matmul(input);
        let gates = spread(gate);
        carried.1 = carried.1.clone() + (target - carried.1.clone()) * gates;
        let skip = instead(p[5].clone(), nearest(p[5].clone(), SKIP));
        let y = c.matmul(carried.1.clone()) + x * spread(skip);
        let o = rounded(rounded(y, READ_OUT) * z, ACTIVATION);
        rows.push(row + o.matmul(weight(&p[6])));
    }
    Matrix::cat(rows, 0)
}

fn assert_close(what: &str, ours: &[f32], theirs: &[f32]) {
    let greatest = theirs.iter().fold(0.0f32, |most, a| most.max(a.abs()));
    assert!(greatest > 0.0, "{what} is nothing");
    for (at, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (a - b).abs() <= 1e-4 * greatest,
            "{what} {at}: {a}, not {b}"
        );
    }
}

/// Two stretches of two lanes in `form` against the reference.
fn compare(form: ScanForm) {
    let mut random = Random::new(11, 3);
    let mut noise =
        |n: usize, by: f32| -> Vec<f32> { (0..n).map(|_| by * random.normal()).collect() };
    let mut states = Mamba2::initial_states(&CONFIG, LANES);
    let mut carried = [fresh(), fresh()];
    let mut parameters = Vec::new();
    let stretches = [[&[0, 9][..], &[0, 5, 6]], [&[][..], &[17]]];
    for begins in stretches {
        let stretch = Stretch {
            lanes: LANES,
            starts: (0..LANES * BYTES)
                .map(|t| begins[t / BYTES].contains(&(t % BYTES)))
                .collect(),
            ..Stretch::default()
        };
        let place = Place::new(WIDTH, &stretch);
        let mut layer = Mamba2::new(&CONFIG, &place, &mut states.into_iter());
        layer.form = form;
        let blocks = layer.blocks();
        if parameters.is_empty() {
            parameters = initial(&layer, &mut Random::new(4, 4));
            // Larger than at the start, so that all of it is heard in the output.
            let more = noise(parameters.len(), 0.2);
            parameters.iter_mut().zip(more).for_each(|(p, n)| *p += n);
        }
        let x = noise(LANES * BYTES * WIDTH, 1.5);
        let dy = noise(x.len(), 1.0);
        let (out, kept) = layer.forward(&x, &parameters);
        let (dx, gradient) = layer.backward(&parameters, kept, &dy);
        states = layer.states();

        let mut rest = &parameters[..];
        let p: Vec<Matrix> = blocks
            .iter()
            .map(|block| {
                let (values, tail) = rest.split_at(block.size());
                rest = tail;
                matrix(values, block.columns).require_grad()
            })
            .collect();
        let input = matrix(&x, WIDTH).require_grad();
        let lanes = carried.iter_mut().enumerate().map(|(lane, carried)| {
            let rows = lane * BYTES..(lane + 1) * BYTES;
            let x = input.clone().slice([rows.clone(), 0..WIDTH]);
            let out = reference(&x, &stretch.starts[rows], &p, carried);
            carried
                .0
                .iter_mut()
                .for_each(|row| *row = row.clone().detach());
            carried.1 = carried.1.clone().detach();
            out
        });
        let wanted = Matrix::cat(lanes.collect(), 0);
        let gradients = (wanted.clone() * matrix(&dy, WIDTH)).sum().backward();
        let of = |tensor: &Matrix| vec(Matrix::from_inner(tensor.grad(&gradients).unwrap()));
        assert_close("output", &out, &vec(wanted));
        assert_close("gradient of x", &dx, &of(&input));
        let mut rest = &gradient[..];
        for (block, p) in blocks.iter().zip(&p) {
            let (ours, tail) = rest.split_at(block.size());
            rest = tail;
            assert_close(&block.name, ours, &of(p));
        }
        for (lane, (tail, state)) in carried.iter().enumerate() {
            let of = |all: &[f32]| {
                all[lane * all.len() / LANES..(lane + 1) * all.len() / LANES].to_vec()
            };
            assert_close("tail", &of(&states[0]), &vec(Matrix::cat(tail.clone(), 0)));
            assert_close("state", &of(&states[1]), &vec(state.clone()));
        }
    }
}

#[test]
fn the_loop_is_what_the_documentation_says() {
    compare(ScanForm::Loop);
}

#[test]
fn chunks_are_what_the_documentation_says() {
    compare(ScanForm::Chunks(8));
}

/// Mamba-2 among other blocks, in the smoke configuration.
fn mixed() -> Config {
    let mut config = crate::common::smoke();
    let layer = |shift| {
        BlockConfig::Mamba2(Mamba2Config {
            channels: 32,
            heads: 4,
            states: 8,
            shift,
        })
    };
    config.model.blocks = vec![
        layer(8),
        BlockConfig::Mlp(MlpConfig { hidden: 48 }),
        BlockConfig::Mixer(MixerConfig {
            channels: 32,
            heads: 4,
            states: 8,
            shift: 9,
        }),
        layer(11),
    ];
    config
}

fn run(folder: &Path, threads: usize, interrupted: bool) -> Trainer {
    let mut trainer = Trainer::new(mixed(), folder).unwrap();
    while trainer.step < trainer.config.training.steps {
        trainer.advance(threads).unwrap();
        if interrupted && trainer.step == 17 {
            let path = folder.join("run.checkpoint");
            trainer.save(&path).unwrap();
            trainer = Trainer::load(mixed(), folder, &path).unwrap();
        }
    }
    trainer
}

#[test]
fn runs_repeat_and_resume_and_the_exported_graph_spends_what_training_counts() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let trainer = run(folder.path(), 1, false);
    let again = run(folder.path(), 2, true);
    assert!(trainer.parameters == again.parameters);
    assert!(trainer.states == again.states);

    let trained = trainer.trained();
    let text = crate::common::prose(9, 900);
    let streams: Vec<&[u8]> = text.chunks(300).collect();
    let counted = bits(&trained, &streams).unwrap();
    let untrained = bits(&Trained::initial(mixed()), &streams).unwrap();
    assert!(counted < 0.7 * untrained, "{counted} of {untrained} bits");
    let model = StepModel::load(&export(&trained).unwrap(), &ModelLimits::default()).unwrap();
    let model = Arc::new(model);
    let spent = graph_bits(&model, &streams).unwrap();
    // 0.0056 bits per byte are the coder's: no byte has less than a 65536th.
    let excess = spent - 0.0056 * text.len() as f64 - counted;
    assert!(excess.abs() < 0.005 * counted, "{spent} {counted}");
    let test = model.self_test().unwrap().clone();
    let fused = Fused::new(model, 1).unwrap();
    test.check("fused", &mut fused.start() as &mut dyn Stepper)
        .unwrap();
}

#[test]
fn real_sizes_are_proved_whatever_the_parameters() {
    for (width, shift) in [(128, 8), (128, 12), (256, 9)] {
        let mut config = crate::common::smoke();
        config.model.width = width;
        config.model.blocks = vec![BlockConfig::Mamba2(Mamba2Config {
            channels: width,
            heads: 8,
            states: 32,
            shift,
        })];
        let mut trained = Trained::initial(config);
        // The block's rates, skips and step sizes at their limits.
        let block = &mut trained.parameters[1];
        let ends = block.len() - width * width - 3 * 8..block.len() - width * width;
        for (value, end) in block[ends].iter_mut().zip([-4.0, 4.0].into_iter().cycle()) {
            *value = end;
        }
        let model = StepModel::load(&export(&trained).unwrap(), &ModelLimits::default()).unwrap();
        let worst = model.certificate().worst.clone().unwrap();
        assert!(worst.bound < 16_500_000, "{worst:?}");
    }
}
