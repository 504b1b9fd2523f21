//! A block for some of the bytes.

use burn::tensor::Tensor;
use umoec_trainer::config::{BlockConfig, MlpConfig, ModConfig};
use umoec_trainer::data::Stretch;
use umoec_trainer::grid::{ACTIVATION, RESIDUAL, SQUASH, WEIGHT, WRITE};
use umoec_trainer::layer::{Place, Rule, build, squash_table};
use umoec_trainer::random::Random;
use umoec_trainer::trainer::Trainer;

use crate::burned::{close, leaf, mlp, normal, round, round_inside, stream, values};

const WIDTH: usize = 32;
const HIDDEN: usize = 48;
const ROWS: usize = 60;
const CAPACITY: f32 = 0.25;

fn block() -> BlockConfig {
    BlockConfig::Mod(ModConfig {
        capacity: CAPACITY,
        inner: Box::new(BlockConfig::Mlp(MlpConfig { hidden: HIDDEN })),
    })
}

fn parameters(random: &mut Random, gate: f32, border: f32) -> Vec<f32> {
    let mut all = normal(random, WIDTH, gate);
    all.push(border);
    for (size, spread) in [(WIDTH * HIDDEN, 0.2), (HIDDEN, 0.3), (HIDDEN * WIDTH, 0.4)] {
        all.extend(normal(random, size, spread));
    }
    all
}

fn stream_values(random: &mut Random) -> Vec<f32> {
    let all = normal(random, ROWS * WIDTH, 1.0);
    all.iter()
        .map(|x| (x / RESIDUAL.step).round() * RESIDUAL.step)
        .collect()
}

#[test]
fn it_is_the_formula_and_its_gradient() {
    let mut random = Random::new(21, 0);
    let layer = build(
        &block(),
        &Place::new(WIDTH, &Stretch::default()),
        &mut Vec::new().into_iter(),
    );
    let parameters = parameters(&mut random, 0.2, -0.4);
    let x = stream_values(&mut random);
    let dy = normal(&mut random, x.len(), 1.0);
    let (y, kept) = layer.forward(&x, &parameters);
    let (dx, gradient) = layer.backward(&parameters, kept, &dy);

    // Every row, chosen or not.
    let (gate, rest) = parameters.split_at(WIDTH);
    let (border, rest) = rest.split_at(1);
    let (up, rest) = rest.split_at(WIDTH * HIDDEN);
    let (up_bias, down) = rest.split_at(HIDDEN);
    let given = leaf(&x, WIDTH);
    let [gate, up, up_bias, down] =
        [(gate, 1), (up, HIDDEN), (up_bias, HIDDEN), (down, WIDTH)].map(|(v, n)| leaf(v, n));
    let r = round_inside(given.clone(), ACTIVATION).matmul(round(gate.clone(), WEIGHT));
    let r = round_inside(r + border[0], WRITE);
    let chosen: Vec<f32> = values(r.clone())
        .iter()
        .map(|&r| f32::from(u8::from(r > 0.0)))
        .collect();
    let share = chosen.iter().sum::<f32>() / ROWS as f32;
    assert!((0.1..0.9).contains(&share), "{share}");
    // The mean over the chosen rows has no gradient.
    let mean = (r.clone() * leaf(&chosen, 1)).sum() / (share * ROWS as f32);
    let mean = mean.reshape([1, 1]);
    let smooth = (r.clone() - mean.clone() + mean.detach()).tanh();
    let table = squash_table();
    let entry = |r: f32| f32::from(table[(r / WRITE.step + 128.0) as usize]) * SQUASH.step;
    let entries: Vec<f32> = values(r).into_iter().map(entry).collect();
    let squash: Tensor<2> = leaf(&entries, 1).detach() + (smooth.clone() - smooth.detach());
    let f = round_inside(
        mlp(given.clone(), [up.clone(), up_bias.clone(), down.clone()]),
        RESIDUAL,
    );
    let wanted = given.clone() + stream(squash * f) * leaf(&chosen, 1);
    assert_eq!(y, values(wanted.clone()));
    let gradients = (wanted * leaf(&dy, WIDTH)).sum().backward();
    close(&dx, &values(given.grad(&gradients).unwrap()), "x");
    let mut at = 0;
    for (name, leaf) in [
        ("gate", gate),
        ("up", up),
        ("up bias", up_bias),
        ("down", down),
    ] {
        let wanted = values(leaf.grad(&gradients).unwrap());
        close(&gradient[at..at + wanted.len()], &wanted, name);
        at += wanted.len();
        if name == "gate" {
            assert_eq!(gradient[at], share - CAPACITY);
            at += 1;
        }
    }
    assert_eq!(layer.load(), [share]);
    assert!(matches!(layer.blocks()[1].rule, Rule::Sign(_)));
}

#[test]
fn where_no_row_is_chosen_nothing_changes() {
    let mut random = Random::new(22, 0);
    let layer = build(
        &block(),
        &Place::new(WIDTH, &Stretch::default()),
        &mut Vec::new().into_iter(),
    );
    let parameters = parameters(&mut random, 0.01, -7.0);
    let x = stream_values(&mut random);
    let (y, kept) = layer.forward(&x, &parameters);
    assert_eq!(y, x);
    assert_eq!(layer.load(), [0.0]);
    let (dx, gradient) = layer.backward(&parameters, kept, &x);
    assert_eq!(dx, x);
    let (gate, rest) = gradient.split_at(WIDTH);
    assert!(gate.iter().chain(&rest[1..]).all(|&g| g == 0.0));
    assert_eq!(rest[0], -CAPACITY);
}

#[test]
fn training_brings_the_share_to_the_capacity() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    for capacity in [0.2, 0.7] {
        let mut config = crate::common::smoke();
        config.training.steps = 150;
        let hidden = BlockConfig::Mlp(MlpConfig { hidden: HIDDEN });
        config.model.blocks[1] = BlockConfig::Mod(ModConfig {
            capacity,
            inner: Box::new(hidden),
        });
        let mut trainer = Trainer::new(config, folder.path()).unwrap();
        let mut shares = Vec::new();
        while trainer.step < 150 {
            let report = trainer.advance(2).unwrap();
            shares.push(report.load[2][0]);
        }
        let late = shares[110..].iter().sum::<f32>() / 40.0;
        assert!((late - capacity).abs() < 0.05, "{late} {capacity}");
    }
}
