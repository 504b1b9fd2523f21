//! Whole runs, small: they learn, repeat, resume, and the exported graph is what was trained.

use std::sync::Arc;

use umoec_exact::{ModelLimits, Reference, StepModel, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::{BlockConfig, MoeConfig, Optimiser};
use umoec_trainer::evaluate::{bits, exact_bits, graph_bits};
use umoec_trainer::export::export;
use umoec_trainer::grid::without_rounding;
use umoec_trainer::trainer::Trainer;

fn run(folder: &std::path::Path, threads: usize) -> Trainer {
    crate::common::run(crate::common::smoke(), folder, threads)
}

fn file(trainer: &Trainer) -> Vec<u8> {
    export(&trainer.trained()).unwrap()
}

#[test]
fn the_same_command_gives_the_same_file_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let (once, again) = (run(folder.path(), 1), run(folder.path(), 2));
    assert_eq!(blake3::hash(&file(&once)), blake3::hash(&file(&again)));
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let path = folder.path().join("run.checkpoint");
    let mut seen = Vec::new();
    for (optimiser, weight_decay) in [(Optimiser::Muon, 0.0), (Optimiser::Adamw, 0.1)] {
        let mut config = crate::common::smoke();
        config.training.optimiser = optimiser;
        config.training.weight_decay = weight_decay;
        let whole = crate::common::run(config.clone(), folder.path(), 1);
        let mut first = Trainer::new(config.clone(), folder.path()).unwrap();
        for _ in 0..17 {
            first.advance(1).unwrap();
        }
        first.save(&path).unwrap();
        let mut second = Trainer::load(config, folder.path(), &path).unwrap();
        while second.step < second.config.training.steps {
            second.advance(2).unwrap();
        }
        assert!(whole.parameters == second.parameters);
        assert!(whole.moments == second.moments);
        assert!(whole.tables.values == second.tables.values);
        assert!(whole.states == second.states);
        assert_eq!(whole.feeder.state(), second.feeder.state());
        seen.push(whole.parameters);
    }
    assert!(seen[0] != seen[1]);
}

#[test]
fn a_run_may_begin_with_a_trained_network() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let mut first = run(folder.path(), 1);
    let path = folder.path().join("run.checkpoint");
    first.save(&path).unwrap();
    let from = || Trained::load(&path).unwrap();
    let second = Trainer::continuing(crate::common::smoke(), folder.path(), from()).unwrap();
    assert_eq!(second.step, 0);
    assert!(second.parameters == first.parameters);
    assert!(second.tables.values == first.tables.values);
    assert!(second.tables.squares == first.tables.squares);

    let mut wider = crate::common::smoke();
    wider.model.width += 16;
    let error = Trainer::continuing(wider, folder.path(), from()).unwrap_err();
    assert!(error.to_string().contains("other sizes"));
}

#[test]
fn a_grown_network_begins_with_what_the_smaller_one_knew() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let mut small = crate::common::smoke();
    small.model.blocks.truncate(2);
    small.training.steps = 20;
    let mut trainer = Trainer::new(small, folder.path()).unwrap();
    while trainer.step < 20 {
        trainer.advance(2).unwrap();
    }
    let text = crate::common::prose(9, 600);
    let before = bits(&trainer.trained(), &[&text]).unwrap();

    // Tables of four times the rows, a mixture around the MLP of 48 hidden units, and a new mixer behind it.
    let mut large = crate::common::smoke();
    large.model.tables[0].bits += 2;
    let moe = BlockConfig::Moe(MoeConfig {
        experts: 4,
        shared: 3,
        chosen: 1,
        hidden: 16,
    });
    let mixer = large.model.blocks[0].clone();
    large.model.blocks = vec![mixer.clone(), moe, mixer];
    large.training.grow = vec![0, 1, -1];
    let from = || trainer.trained();
    let mut grown = Trainer::continuing(large.clone(), folder.path(), from()).unwrap();
    assert_eq!(bits(&grown.trained(), &[&text]).unwrap(), before);
    for _ in 0..5 {
        grown.advance(1).unwrap();
    }
    assert_ne!(bits(&grown.trained(), &[&text]).unwrap(), before);

    for (grow, said) in [
        (vec![0, 1], "the origin of 2 blocks"),
        (vec![0, 1, 7], "no block 7"),
        (vec![1, 1, 0], "block 0 is of another kind"),
    ] {
        large.training.grow = grow;
        let error = Trainer::continuing(large.clone(), folder.path(), from()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    large.model.tables[1].bits -= 1;
    let error = Trainer::continuing(large, folder.path(), from()).unwrap_err();
    assert!(error.to_string().contains("tables"), "{error}");
}

#[test]
fn the_exported_graph_spends_what_training_counts() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let mut trainer = run(folder.path(), 2);
    let path = folder.path().join("run.checkpoint");
    trainer.save(&path).unwrap();
    let trained = Trained::load(&path).unwrap();
    assert_eq!(trained.step, 40);

    let text = crate::common::prose(9, 600);
    let streams: Vec<&[u8]> = text.chunks(200).collect();
    let counted = bits(&trained, &streams).unwrap();
    let untrained = bits(&Trained::initial(crate::common::smoke()), &streams).unwrap();
    assert!(
        counted < 0.7 * untrained,
        "it learned: {counted} of {untrained} bits"
    );

    let float = without_rounding(|| bits(&trained, &streams)).unwrap();
    let close = 0.05 * counted;
    assert!(
        float != counted && (float - counted).abs() < close,
        "{float} {counted}"
    );

    let model = Arc::new(StepModel::load(&file(&trainer), &ModelLimits::default()).unwrap());
    let spent = graph_bits(&model, &streams).unwrap();
    // The fused engine, whatever the lanes and threads, is the reference.
    for threads in [1, 2, 5] {
        let fused = exact_bits(&model, &streams, 0, threads).unwrap();
        assert_eq!(fused.len(), streams.len());
        assert_eq!(fused.iter().sum::<f64>(), spent);
    }
    // 0.0056 bits per byte are the coder's: no byte has less than a 65536th.
    let excess = spent - 0.0056 * text.len() as f64 - counted;
    assert!(excess.abs() < 0.005 * counted, "{spent} {counted}");
    let mut reference = Reference::new(Arc::clone(&model), 1).unwrap();
    model
        .self_test()
        .unwrap()
        .check("reference", &mut reference as &mut dyn Stepper)
        .unwrap();
}
