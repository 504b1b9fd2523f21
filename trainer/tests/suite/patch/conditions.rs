//! Features of the stream within patches.

use std::ops::Range;
use std::sync::Arc;

use umoec_trainer::config::BlockConfig;
use umoec_trainer::layer::{self, Features, Layer, Place, build};
use umoec_trainer::random::Random;

use super::{adaln, mixer, normal, patch};

const WIDTH: usize = 8;
const ROWS: usize = 60;
/// Features of a row.
const COUNT: usize = 3;
/// A stream shorter than a patch, and others.
const STARTS: [usize; 4] = [0, 3, 22, 42];

fn block() -> BlockConfig {
    let inner = patch(2, 16, vec![adaln(mixer(16))]);
    patch(4, 16, vec![adaln(mixer(16)), inner])
}

/// The block at `rows` of one lane, which begins from `states`.
fn made(rows: Range<usize>, told: &[u8], states: Vec<Vec<f32>>) -> Arc<dyn Layer> {
    let place = Place {
        width: WIDTH,
        lanes: 1,
        starts: Arc::new(rows.clone().map(|row| STARTS.contains(&row)).collect()),
        features: Features {
            count: COUNT,
            rows: Arc::new(told[rows.start * COUNT..rows.end * COUNT].to_vec()),
        },
    };
    build(&block(), &place, &mut states.into_iter())
}

fn initial() -> Vec<Vec<f32>> {
    layer::initial_states(&block(), WIDTH, 1)
}

/// Parameters that are nowhere nothing: modulations begin as zeros.
fn parameters(layer: &dyn Layer) -> Vec<f32> {
    let mut values = layer::initial(layer, &mut Random::new(5, 1));
    let mut random = Random::new(5, 2);
    values.iter_mut().for_each(|v| *v += 0.2 * random.normal());
    values
}

fn told() -> Vec<u8> {
    let mut random = Random::new(6, 0);
    (0..ROWS * COUNT).map(|_| random.below(256) as u8).collect()
}

#[test]
fn stretches_cut_anywhere_are_told_the_same() {
    let (x, told) = (normal(4, ROWS * WIDTH, 1.5), told());
    let whole = made(0..ROWS, &told, initial());
    let parameters = parameters(&*whole);
    let expected = whole.forward(&x, &parameters).0;
    for cut in 1..ROWS {
        let first = made(0..cut, &told, initial());
        let mut y = first.forward(&x[..cut * WIDTH], &parameters).0;
        let second = made(cut..ROWS, &told, first.states());
        y.extend(second.forward(&x[cut * WIDTH..], &parameters).0);
        assert!(y == expected, "cut at {cut}");
    }
}

#[test]
fn a_patch_is_told_what_its_last_row_is_told() {
    let (x, told) = (normal(4, ROWS * WIDTH, 1.5), told());
    let whole = made(0..ROWS, &told, initial());
    let parameters = parameters(&*whole);
    let before = whole.forward(&x, &parameters).0;
    // The last stream; its patches end at every fourth row.
    let first = STARTS[3];
    for row in first..ROWS - 4 {
        let mut other = told.clone();
        other[row * COUNT..][..COUNT]
            .iter_mut()
            .for_each(|n| *n ^= 0xff);
        let after = made(0..ROWS, &other, initial()).forward(&x, &parameters).0;
        let differs =
            (0..ROWS).find(|at| before[at * WIDTH..][..WIDTH] != after[at * WIDTH..][..WIDTH]);
        let last = (row - first) % 4 == 3;
        assert_eq!(differs, last.then_some(row + 1), "row {row}");
    }
}
