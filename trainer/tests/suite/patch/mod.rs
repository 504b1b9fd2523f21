//! The patch block: against a slow reference, over stretches and streams, and as a graph.

mod conditions;
mod graph;
mod slow;

use std::sync::Arc;

use umoec_trainer::config::{
    AdalnConfig, BlockConfig, Config, MixerConfig, MlpConfig, PatchConfig,
};
use umoec_trainer::layer::{self, Block, Features, Layer, Place, build};
use umoec_trainer::random::Random;

pub(crate) fn mlp(hidden: usize) -> BlockConfig {
    BlockConfig::Mlp(MlpConfig { hidden })
}

pub(crate) fn mixer(channels: usize) -> BlockConfig {
    BlockConfig::Mixer(MixerConfig {
        channels,
        heads: 2,
        states: 4,
        shift: 9,
    })
}

pub(crate) fn adaln(inner: BlockConfig) -> BlockConfig {
    BlockConfig::Adaln(AdalnConfig {
        inner: Box::new(inner),
    })
}

pub(crate) fn patch(bytes: usize, width: usize, blocks: Vec<BlockConfig>) -> BlockConfig {
    BlockConfig::Patch(PatchConfig {
        bytes,
        width,
        blocks,
    })
}

fn made(
    block: &BlockConfig,
    width: usize,
    starts: &[bool],
    lanes: usize,
    states: Vec<Vec<f32>>,
) -> Arc<dyn Layer> {
    let place = Place {
        width,
        lanes,
        starts: Arc::new(starts.to_vec()),
        features: Features::default(),
    };
    build(block, &place, &mut states.into_iter())
}

fn normal(seed: u64, count: usize, deviation: f32) -> Vec<f32> {
    let mut random = Random::new(seed, 0);
    (0..count).map(|_| deviation * random.normal()).collect()
}

fn parameters(layer: &dyn Layer, seed: u64) -> Vec<f32> {
    let mut values = layer::initial(layer, &mut Random::new(seed, 1));
    // Biases begin as zeros, which would hide what they do.
    let mut random = Random::new(seed, 2);
    values.iter_mut().for_each(|v| *v += 0.02 * random.normal());
    values
}

fn close(what: &str, fast: &[f32], slow: &[f32]) {
    assert_eq!(fast.len(), slow.len(), "{what}");
    let largest = slow.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    assert!(largest > 0.0, "{what} is nothing but zeros");
    for (at, (f, s)) in fast.iter().zip(slow).enumerate() {
        assert!((f - s).abs() <= 1e-4 * largest, "{what} {at}: {f} {s}");
    }
}

/// Two stretches of a lane against the slow form.
fn as_slow(block: &BlockConfig, width: usize, lengths: [usize; 2], starts: &[usize]) {
    let rows = lengths[0] + lengths[1];
    let starts: Vec<bool> = (0..rows).map(|row| starts.contains(&row)).collect();
    let x = normal(1, rows * width, 1.6);
    let dy = normal(2, rows * width, 1.0);

    let mut states = layer::initial_states(block, width, 1);
    let parameters = parameters(&*made(block, width, &[], 1, states.clone()), 3);
    let (mut y, mut dx, mut gradient) = (Vec::new(), Vec::new(), vec![0.0; parameters.len()]);
    let blocks: Vec<Block> = made(block, width, &[], 1, states.clone()).blocks();
    for part in [0..lengths[0], lengths[0]..rows] {
        let layer = made(block, width, &starts[part.clone()], 1, states);
        let values = part.start * width..part.end * width;
        let (out, kept) = layer.forward(&x[values.clone()], &parameters);
        let (d, g) = layer.backward(&parameters, kept, &dy[values]);
        states = layer.states();
        y.extend(out);
        dx.extend(d);
        gradient.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
    }

    let mut at = 0;
    let leaves: Vec<_> = blocks
        .iter()
        .map(|block| {
            at += block.size();
            slow::leaf(&parameters[at - block.size()..at], block.rows)
        })
        .collect();
    let inputs: Vec<_> = x.chunks(width).map(|row| slow::leaf(row, 1)).collect();
    let all = inputs.iter().enumerate().map(|(at, x)| slow::Row {
        x: x.clone(),
        stretch: usize::from(at >= lengths[0]),
    });
    let mut streams: Vec<Vec<slow::Row>> = Vec::new();
    for (row, start) in all.zip(&starts) {
        if *start {
            streams.push(Vec::new());
        }
        streams.last_mut().unwrap().push(row);
    }
    let after = streams
        .into_iter()
        .flat_map(|stream| slow::block(block, stream, &mut leaves.iter()));
    let after: Vec<_> = after.map(|row| row.x).collect();
    let out: Vec<f32> = after.iter().cloned().flat_map(slow::values).collect();
    close("rows", &y, &out);
    let loss = after
        .into_iter()
        .zip(dy.chunks(width))
        .map(|(y, dy)| (y * slow::leaf(dy, 1)).sum());
    let mut gradients = loss.reduce(|a, b| a + b).unwrap().backward();
    let slow_dx = inputs
        .iter()
        .flat_map(|x| slow::values(x.grad_remove(&mut gradients).unwrap()));
    close("gradient of rows", &dx, &slow_dx.collect::<Vec<_>>());
    let mut at = 0;
    for (block, leaf) in blocks.iter().zip(&leaves) {
        let own = slow::values(leaf.grad_remove(&mut gradients).unwrap());
        close(&block.name, &gradient[at..at + own.len()], &own);
        at += own.len();
    }
}

#[test]
fn passes_are_the_slow_ones() {
    as_slow(&patch(1, 12, vec![mlp(20)]), 8, [9, 8], &[0, 4]);
    as_slow(&patch(4, 12, vec![mlp(20)]), 8, [22, 19], &[0, 9, 30]);
    as_slow(
        &patch(16, 24, vec![mlp(20), mlp(9)]),
        16,
        [70, 50],
        &[0, 37],
    );
    // Weights that count a quarter, products in two parts.
    as_slow(&patch(16, 16, Vec::new()), 128, [40, 30], &[0, 5]);
}

#[test]
fn passes_of_patches_in_patches_are_the_slow_ones() {
    let inner = patch(3, 10, vec![mlp(7)]);
    let block = patch(4, 12, vec![mlp(9), inner, mlp(8)]);
    as_slow(&block, 8, [50, 60], &[0, 43]);
}

/// Blocks whose state runs from patch to patch.
fn stateful() -> [BlockConfig; 4] {
    let inner = patch(2, 16, vec![mixer(16)]);
    [
        patch(1, 16, vec![mixer(16), mlp(8)]),
        patch(4, 16, vec![mixer(16), mlp(8)]),
        patch(16, 24, vec![mixer(16)]),
        patch(4, 16, vec![mixer(16), inner]),
    ]
}

#[test]
fn stretches_cut_anywhere_are_one() {
    for block in stateful() {
        // Streams shorter than a patch, and of a patch and a row; the last begins in the second stretch.
        let starts: Vec<bool> = (0..60)
            .map(|row| [0, 3, 20, 22, 25, 42].contains(&row))
            .collect();
        let x = normal(4, 60 * 8, 1.5);
        let initial = layer::initial_states(&block, 8, 1);
        let whole = made(&block, 8, &starts, 1, initial.clone());
        let parameters = parameters(&*whole, 5);
        let expected = whole.forward(&x, &parameters).0;
        for cut in 1..60 {
            let first = made(&block, 8, &starts[..cut], 1, initial.clone());
            let mut y = first.forward(&x[..cut * 8], &parameters).0;
            let second = made(&block, 8, &starts[cut..], 1, first.states());
            y.extend(second.forward(&x[cut * 8..], &parameters).0);
            assert!(y == expected, "{block:?} cut at {cut}");
            assert!(second.states() == whole.states(), "{block:?} cut at {cut}");
        }
    }
}

#[test]
fn a_stream_is_the_same_wherever_it_begins_and_whatever_lanes_are_beside_it() {
    for block in stateful() {
        let stream = normal(6, 40 * 8, 1.5);
        let initial = |lanes| layer::initial_states(&block, 8, lanes);
        let alone = [vec![true], vec![false; 39]].concat();
        let layer = made(&block, 8, &alone, 1, initial(1));
        let parameters = parameters(&*layer, 7);
        let expected = layer.forward(&stream, &parameters).0;
        // Three lanes: the stream behind `phase` rows of another one, an endless one, and one cut up.
        for phase in 1..=17 {
            let rows = 40 + phase;
            let x = [
                normal(8, phase * 8, 1.5),
                stream.clone(),
                normal(9, 2 * rows * 8, 1.5),
            ];
            let x = x.concat();
            let mut starts = vec![false; 3 * rows];
            for row in [0, phase, rows, 2 * rows, 2 * rows + 7, 2 * rows + 29] {
                starts[row] = true;
            }
            let y = made(&block, 8, &starts, 3, initial(3))
                .forward(&x, &parameters)
                .0;
            assert!(y[phase * 8..rows * 8] == expected[..], "{block:?} {phase}");
        }
    }
}

#[test]
fn a_row_changes_itself_and_nothing_else_before_the_next_patch() {
    let block = patch(4, 16, vec![mixer(16)]);
    let starts = [vec![true], vec![false; 29]].concat();
    let layer = made(&block, 8, &starts, 1, layer::initial_states(&block, 8, 1));
    let parameters = parameters(&*layer, 10);
    let x = normal(11, 30 * 8, 1.0);
    let y = layer.forward(&x, &parameters).0;
    for row in 0..30 {
        let mut changed = x.clone();
        changed[row * 8..][..8].fill(2.0);
        let layer = made(&block, 8, &starts, 1, layer::initial_states(&block, 8, 1));
        let after = layer.forward(&changed, &parameters).0;
        let differ: Vec<usize> = (0..30)
            .filter(|at| y[at * 8..][..8] != after[at * 8..][..8])
            .collect();
        // Later patches may round the change away.
        let next = (row / 4 + 1) * 4;
        let sure = [vec![row], (next..30.min(next + 4)).collect()].concat();
        assert_eq!(differ[..sure.len()], sure, "{row}");
    }
}

#[test]
fn a_patch_block_costs_a_byte_its_share() {
    let block = patch(4, 16, vec![mlp(8)]);
    let layer = made(&block, 8, &[], 1, layer::initial_states(&block, 8, 1));
    assert_eq!(layer.macs(), (2 * 4 * 8 * 16 + 2 * 16 * 8) as f64 / 4.0);
    let names: Vec<String> = layer.blocks().into_iter().map(|b| b.name).collect();
    let inner = ["0.up.weight", "0.up.bias", "0.down.weight"];
    assert_eq!(
        names,
        [&["in.weight", "in.bias", "out.weight"], &inner[..]].concat()
    );
}

#[test]
fn configurations_name_the_block_that_cannot_be() {
    let with = |blocks| {
        let mut config = crate::common::smoke();
        config.model.blocks = blocks;
        config
    };
    let said = |blocks| with(blocks).check().unwrap_err().to_string();
    assert!(said(vec![mlp(8), patch(0, 8, vec![])]).contains("block 1: bytes is not in 1..=64"));
    assert!(said(vec![patch(65, 8, vec![])]).contains("bytes is not in 1..=64"));
    assert!(said(vec![patch(4, 1025, vec![])]).contains("width is not in 1..=1024"));
    let inner = patch(4, 8, vec![mlp(8), mlp(0)]);
    let text = said(vec![patch(4, 8, vec![inner])]);
    assert!(text.contains("block 0: its block 0: its block 1: hidden is 0"));

    let nested = with(vec![patch(
        4,
        16,
        vec![mixer(16), patch(4, 8, vec![mlp(8)])],
    )]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, toml::to_string(&nested).unwrap()).unwrap();
    assert_eq!(Config::load(&path).unwrap(), nested);
}
