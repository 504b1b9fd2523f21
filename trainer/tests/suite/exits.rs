//! Early exits: their gradients against a slow form in Burn's own tensors, and the graphs that end at them.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use umoec_exact::reference::Reference;
use umoec_exact::{Fused, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::conditions::Conditions;
use umoec_trainer::config::{AdalnConfig, BlockConfig, Config};
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::export::export;
use umoec_trainer::grid::{ACTIVATION, WEIGHT};
use umoec_trainer::import::import;
use umoec_trainer::layer::{Exit, Layer, Mlp, initial, split};
use umoec_trainer::random::Random;
use umoec_trainer::trainer::Trainer;

use crate::burned::{close, leaf, mlp, normal, round, round_inside, values};
use crate::causality::logits;
use crate::common::{load, passed, prose, smoke};
use crate::layers::constant;
use crate::passes::stretch;

const WIDTH: usize = 12;
const ROWS: usize = 20;
const WEIGHT_OF_LOSS: f32 = 0.3;

/// Mean bits of `targets` under the read-out of `y`.
fn slow_loss(y: Tensor<2>, weight: Tensor<2>, bias: Tensor<2>, targets: &[u8]) -> Tensor<1> {
    let orders = round_inside(y, ACTIVATION).matmul(round(weight, WEIGHT)) + bias;
    let ln2 = std::f32::consts::LN_2;
    let bits = log_softmax(orders * ln2, 1) / -ln2;
    let mut chosen = vec![0.0; targets.len() * 256];
    for (row, &target) in targets.iter().enumerate() {
        chosen[row * 256 + usize::from(target)] = 1.0;
    }
    (bits * constant(chosen, 256)).sum() / targets.len() as f32
}

#[test]
fn its_gradients_are_those_of_a_slow_form() {
    let mut random = Random::new(3, 0);
    let targets: Vec<u8> = (0..ROWS).map(|_| random.below(256) as u8).collect();
    let inner = Arc::new(Mlp {
        width: WIDTH,
        hidden: 16,
    });
    let exit = Exit::new(inner, WIDTH, targets.clone(), WEIGHT_OF_LOSS);
    let mut parameters = initial(&exit, &mut random);
    parameters
        .iter_mut()
        .for_each(|p| *p += 0.1 * random.normal());
    let x = normal(&mut random, ROWS * WIDTH, 1.0);
    // As small as the gradient that the last read-out's loss sends back.
    let dy = normal(&mut random, ROWS * WIDTH, 0.05);

    let (y, kept) = exit.forward(&x, &parameters);
    let (dx, gradient) = exit.backward(&parameters, kept, &dy);

    let blocks = exit.blocks();
    let parts = split(&blocks, &parameters);
    let leaves: Vec<_> = parts
        .iter()
        .zip(&blocks)
        .map(|(values, block)| leaf(values, block.columns))
        .collect();
    let [up, bias, down, head, head_bias] = &leaves[..] else {
        panic!("five blocks of parameters")
    };
    let slow_x = leaf(&x, WIDTH);
    let slow_y = slow_x.clone() + mlp(slow_x.clone(), [up.clone(), bias.clone(), down.clone()]);
    close(&y, &values(slow_y.clone()), "output");
    let loss = slow_loss(slow_y.clone(), head.clone(), head_bias.clone(), &targets);
    let fast = exit.exit_costs().iter().sum::<f32>() / ROWS as f32;
    close(
        &[fast],
        &loss.to_data().try_to_vec::<f32>().unwrap(),
        "loss",
    );
    let total = loss * WEIGHT_OF_LOSS + (slow_y * constant(dy, WIDTH)).sum();
    let mut gradients = total.backward();
    let wanted = slow_x.grad_remove(&mut gradients).unwrap();
    close(&dx, &values(wanted), "gradient of the input");
    for ((leaf, block), found) in leaves.iter().zip(&blocks).zip(split(&blocks, &gradient)) {
        let wanted = leaf.grad_remove(&mut gradients).unwrap();
        close(found, &values(wanted), &block.name);
    }
}

/// The smoke network with exits after its first two blocks.
fn with_exits() -> Config {
    let mut config = smoke();
    config.model.exits = vec![0, 1];
    config
}

fn trained(config: Config) -> Trainer {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    crate::common::run(config, folder.path(), 2)
}

#[test]
fn a_graph_that_ends_at_an_exit_spends_what_the_exit_counts() {
    let trained = trained(with_exits()).trained();
    let text = prose(9, 600);
    let model = &trained.config.model;
    let stretch = stretch(model, &text, &[0]);
    let outcome = passed(&trained, &stretch);
    assert_eq!(outcome.exits.len(), 2);

    let untrained = bits(&Trained::initial(smoke()), &[&text]).unwrap();
    let whole = load(&trained);
    for (&block, mean) in [0, 1].iter().zip(outcome.exits) {
        let counted = mean * text.len() as f64;
        assert!(counted < 0.7 * untrained, "exit {block} learned: {counted}");
        let small = trained.at_exit(block).unwrap();
        small.config.check().unwrap();
        assert_eq!(small.config.name, format!("smoke-exit{block}"));
        let alone = bits(&small, &[&text]).unwrap();
        assert!(
            (alone - counted).abs() < 1e-4 * counted,
            "{alone} {counted}"
        );
        let graph = load(&small);
        assert!(graph.cost().macs_per_byte < whole.cost().macs_per_byte);
        let spent = graph_bits(&graph, &[&text]).unwrap();
        // 0.0056 bits per byte are the coder's: no byte has less than a 65536th.
        let excess = spent - 0.0056 * text.len() as f64 - counted;
        assert!(excess.abs() < 0.005 * counted, "{spent} {counted}");
    }
    let error = trained.at_exit(2).unwrap_err().to_string();
    assert!(
        error.contains("no exit after block 2; it has them after 0, 1"),
        "{error}"
    );
    let error = Trained::initial(smoke())
        .at_exit(0)
        .unwrap_err()
        .to_string();
    assert!(error.contains("it has none"), "{error}");
}

#[test]
fn the_whole_graph_is_that_of_the_network_without_exits() {
    let trained = trained(with_exits()).trained();
    let plain = trained.without_exits();
    assert!(plain.config.model == smoke().model);
    assert!(export(&trained).unwrap() == export(&plain).unwrap());
}

/// What the graph that ends at all exits says of `text` at each step, with that haste.
fn said(trained: &Trained, text: &[u8], haste: i32) -> Vec<[i32; 256]> {
    let model = load(trained);
    let mut reference = Reference::new(Arc::clone(&model), 1).unwrap();
    let mut fused = Fused::new(Arc::clone(&model), 1).unwrap().start();
    if model.interface().condition.is_some() {
        reference.set_condition(&[haste]).unwrap();
        fused.set_condition(&[haste]).unwrap();
    }
    let step = |&byte: &u8| {
        let [mut slow, mut fast] = [[0; 256]; 2];
        reference.step(&[byte], &mut slow).unwrap();
        fused.step(&[byte], &mut fast).unwrap();
        assert!(slow == fast);
        slow
    };
    text.iter().map(step).collect()
}

#[test]
fn a_hasty_graph_ends_at_an_exit_where_it_is_sure() {
    let trained = trained(with_exits()).trained();
    let text = prose(9, 200);
    let hasty = trained.hasty(&[1, 0]).unwrap();
    assert_eq!(hasty.config.model.hasty, [0, 1]);
    let whole = said(&trained, &text, 0);
    assert!(
        said(&hasty, &text, 0) == whole,
        "without haste it is the whole network"
    );

    // Nothing lies before the first exit that it could have left out: as long as it ends there, it says what the network that
    // ends there says.
    let first = said(&trained.at_exit(0).unwrap(), &text, 0);
    let lead = |logits: &[i32; 256]| {
        let mut sorted = *logits;
        sorted.sort_unstable();
        sorted[255] - sorted[254]
    };
    for haste in [200, 240, 252] {
        let found = said(&hasty, &text, haste);
        let sure = |logits| lead(logits) >= 2048 - 8 * haste;
        for ((found, first), at) in found.iter().zip(&first).zip(0..) {
            assert!(!sure(first) || found == first, "haste {haste}, byte {at}");
        }
        let early = first.iter().filter(|logits| sure(logits)).count();
        assert!(haste < 252 || (20..180).contains(&early), "{early}");
        let late = found.iter().zip(&first).filter(|(a, b)| a != b).count();
        assert!(late <= 200 - early);
        assert!(haste < 252 || late > 0);
    }

    let one = trained.hasty(&[1]).unwrap();
    let (macs, of_all) = (load(&one).cost(), load(&hasty).cost());
    assert!(macs.macs_per_byte < of_all.macs_per_byte);
    let error = trained.hasty(&[2]).unwrap_err().to_string();
    assert!(error.contains("no exit after block 2"), "{error}");
}

#[test]
fn a_hasty_graph_can_be_read_back() {
    let trained = trained(with_exits()).trained();
    let file = export(&trained.hasty(&[1]).unwrap()).unwrap();
    // The exits of the file need not be those of the configuration.
    for exits in [vec![], vec![0]] {
        let mut config = with_exits();
        config.model.exits = exits;
        config.name = "smoke-hasty".to_owned();
        let mut back = import(&file, &config).unwrap();
        back.step = trained.step;
        back.init = trained.init.clone();
        assert!(export(&back).unwrap() == file);
    }
}

#[test]
fn conditions_and_haste_are_told_together() {
    let mut config = with_exits();
    config.model.conditions = Conditions::Global;
    config.model.blocks[2] = BlockConfig::Adaln(AdalnConfig {
        inner: Box::new(config.model.blocks[1].clone()),
    });
    let trained = Trained::initial(config);
    let hasty = trained.hasty(&[0]).unwrap();
    let size = |trained: &Trained| load(trained).interface().condition.as_ref().unwrap().size;
    assert_eq!([size(&trained), size(&hasty)], [16, 17]);
    let text = prose(3, 100);
    let streams = [&text[..]];
    let [plain, told] = [&trained, &hasty].map(|t| graph_bits(&load(t), &streams).unwrap());
    assert_eq!(plain, told);
}

#[test]
fn no_exit_looks_ahead() {
    let trained = trained(with_exits()).trained();
    for block in [0, 1] {
        let model = load(&trained.at_exit(block).unwrap());
        let texts: Vec<_> = (0..2).map(|lane| prose(20 + lane, 90)).collect();
        let before = logits(&model, &texts);
        for at in [0, 31, 64] {
            let mut changed = texts.clone();
            changed[1][at] ^= 0x15;
            let after = logits(&model, &changed);
            let first = before[1].iter().zip(&after[1]).position(|(a, b)| a != b);
            assert_eq!(first, Some(at + 1), "exit {block}, byte {at}");
            assert!(before[0] == after[0], "lanes meet");
        }
    }
}

#[test]
fn an_exit_before_all_readers_of_conditions_has_none() {
    let mut config = with_exits();
    let mut last = config.model.blocks[0].clone();
    if let BlockConfig::Mixer(mixer) = &mut last {
        mixer.shift = 10;
    }
    config.model.blocks[2] = BlockConfig::Adaln(AdalnConfig {
        inner: Box::new(last),
    });
    config.model.conditions = Conditions::Both;
    let small = Trained::initial(config).at_exit(1).unwrap();
    small.config.check().unwrap();
    assert!(load(&small).interface().condition.is_none());
}

#[test]
fn exits_may_be_added_to_a_trained_network_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let text = prose(9, 300);
    let of = |trained: &Trained| bits(trained, &[&text]).unwrap();
    let plain = crate::common::run(smoke(), folder.path(), 2).trained();
    let before = of(&plain);
    let added = Trainer::continuing(with_exits(), folder.path(), plain).unwrap();
    let added = added.trained();
    assert_eq!(of(&added), before);
    let exit = |trained: &Trained| of(&trained.at_exit(1).unwrap());
    assert!(exit(&added) > before);
    let same = Trainer::continuing(with_exits(), folder.path(), added.clone()).unwrap();
    assert!(same.parameters == added.parameters);
    let mut grown = with_exits();
    grown.training.grow = vec![0, 1, 2];
    let grown = Trainer::continuing(grown, folder.path(), added.clone()).unwrap();
    let grown = grown.trained();
    assert_eq!(of(&grown), before);
    assert_eq!(exit(&grown), exit(&added));
    let mut heavier = with_exits();
    heavier.model.exit_weight = 1.0;
    let heavier = Trainer::continuing(heavier, folder.path(), added.clone()).unwrap();
    assert_eq!(exit(&heavier.trained()), exit(&added));
    let taken = Trainer::continuing(smoke(), folder.path(), added).unwrap();
    assert_eq!(of(&taken.trained()), before);
}

#[test]
fn exits_that_cannot_be() {
    for exits in [vec![2], vec![7], vec![1, 0], vec![1, 1]] {
        let mut config = smoke();
        config.model.exits = exits;
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("exits are not blocks in order"), "{error}");
    }
    for hasty in [vec![2], vec![1, 0], vec![0, 0]] {
        let mut config = with_exits();
        config.model.hasty = hasty;
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("hasty are not exits in order"), "{error}");
    }
    let mut config = with_exits();
    config.model.exit_weight = 0.0;
    assert!(
        config
            .check()
            .unwrap_err()
            .to_string()
            .contains("exit_weight")
    );
}
