//! Properties of a pass: causal, and the same in one stretch or in several.

use umoec_trainer::conditions::Observed;
use umoec_trainer::config::ModelConfig;
use umoec_trainer::data::Stretch;
use umoec_trainer::network::{States, initial_states, layers, loss, pass};
use umoec_trainer::random::Random;
use umoec_trainer::recall::Contexts;
use umoec_trainer::tables::Tables;
use umoec_trainer::trainer::initial_parameters;

pub(crate) fn stretch(model: &ModelConfig, text: &[u8], starts: &[usize]) -> Stretch {
    let mut stretch = Stretch {
        lanes: 1,
        ..Stretch::default()
    };
    let mut contexts = Contexts::new(&model.tables);
    let mut observed = Observed::default();
    let mut last = 0;
    for (at, &byte) in text.iter().enumerate() {
        let start = starts.contains(&at);
        if start {
            contexts.clear();
            observed = Observed::new(model.conditions, &text[at..]);
            last = 0;
        }
        contexts.push(last);
        stretch.bytes.push(last);
        stretch.targets.push(byte);
        stretch.starts.push(start);
        stretch.rows.extend(contexts.rows());
        observed.next(last, &mut stretch.conditions);
        last = byte;
    }
    stretch
}

fn part(stretch: &Stretch, range: std::ops::Range<usize>, tables: usize) -> Stretch {
    Stretch {
        lanes: 1,
        bytes: stretch.bytes[range.clone()].to_vec(),
        targets: stretch.targets[range.clone()].to_vec(),
        starts: stretch.starts[range.clone()].to_vec(),
        rows: stretch.rows[range.start * tables..range.end * tables].to_vec(),
        ..Stretch::default()
    }
}

/// The residual stream before the head, [bytes, width].
pub(crate) fn stream(
    model: &ModelConfig,
    stretch: &Stretch,
    parameters: &[Vec<f32>],
    tables: &Tables,
) -> Vec<f32> {
    let layers = layers(model, stretch, initial_states(model, 1));
    let body = layers.iter().zip(parameters).take(layers.len() - 1);
    body.fold(tables.gather(&stretch.rows), |x, (layer, parameters)| {
        layer.forward(&x, parameters).0
    })
}

#[test]
fn a_byte_changes_nothing_at_or_before_itself() {
    let config = crate::common::smoke();
    let (parameters, _) = initial_parameters(&config);
    let tables = Tables::new(&config.model, &mut Random::new(1, 2));
    let width = config.model.width;
    let text = crate::common::prose(3, 90);
    let of = |text: &[u8]| {
        stream(
            &config.model,
            &stretch(&config.model, text, &[0]),
            &parameters,
            &tables,
        )
    };
    let before = of(&text);
    for at in [0, 1, 40, 88] {
        let mut changed = text.clone();
        changed[at] ^= 0x55;
        let after = of(&changed);
        let (same, later) = ((at + 1) * width, (at + 2) * width);
        assert!(before[..same] == after[..same], "byte {at}");
        assert_ne!(before[same..later], after[same..later], "byte {at}");
    }
}

#[test]
fn stretches_that_carry_states_are_one_long_stretch() {
    let config = crate::common::smoke();
    let model = &config.model;
    let (parameters, _) = initial_parameters(&config);
    let tables = Tables::new(model, &mut Random::new(1, 2));
    // A reset in the midst, off the scan's chunks, and one byte at a time at the end.
    let whole = stretch(model, &crate::common::prose(4, 101), &[0, 37]);
    let cost = |stretch: &Stretch, states: &mut States| {
        let rows = tables.gather(&stretch.rows);
        let mean = loss(model, &parameters, stretch, rows, states).unwrap();
        mean.alone * stretch.bytes.len() as f64
    };
    let mut states = initial_states(model, 1);
    let at_once = cost(&whole, &mut states);
    let mut carried = initial_states(model, 1);
    let cuts = [0, 50, 97, 98, 99, 100, 101];
    let in_parts: f64 = cuts
        .windows(2)
        .map(|cut| {
            cost(
                &part(&whole, cut[0]..cut[1], model.tables.len()),
                &mut carried,
            )
        })
        .sum();
    assert!(
        (at_once - in_parts).abs() < 1e-4 * at_once,
        "{at_once} {in_parts}"
    );
    assert!(states == carried);
}

#[test]
fn the_graph_of_burn_gives_the_loss_and_a_gradient_that_lowers_it() {
    let config = crate::common::smoke();
    let model = &config.model;
    let (mut parameters, _) = initial_parameters(&config);
    let tables = Tables::new(model, &mut Random::new(1, 2));
    let stretch = stretch(model, &crate::common::prose(4, 128), &[0]);
    let rows = tables.gather(&stretch.rows);
    let mut after = initial_states(model, 1);
    let first = pass(
        model,
        false,
        &parameters,
        &stretch,
        rows.clone(),
        &mut after,
    )
    .unwrap();
    let plain = loss(
        model,
        &parameters,
        &stretch,
        rows.clone(),
        &mut initial_states(model, 1),
    )
    .unwrap();
    assert_eq!(first.bits, plain.alone);
    let mut states = initial_states(model, 1);
    let again = pass(
        model,
        true,
        &parameters,
        &stretch,
        rows.clone(),
        &mut states,
    )
    .unwrap();
    assert_eq!(again.bits, first.bits);
    assert_eq!(again.gradients, first.gradients);
    assert_eq!(again.rows, first.rows);
    assert_eq!(states, after);
    for (parameters, gradient) in parameters.iter_mut().zip(&first.gradients) {
        assert_eq!(parameters.len(), gradient.len());
        assert!(gradient.iter().any(|&g| g != 0.0));
        parameters
            .iter_mut()
            .zip(gradient)
            .for_each(|(p, g)| *p -= 0.05 * g);
    }
    let second = loss(
        model,
        &parameters,
        &stretch,
        rows,
        &mut initial_states(model, 1),
    )
    .unwrap()
    .alone;
    assert!(second < first.bits - 0.01, "{} {second}", first.bits);
}
