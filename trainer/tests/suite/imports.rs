//! Models read back as networks to train.

use std::path::Path;
use std::sync::Arc;

use umoec_exact::{ModelLimits, StepModel};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::{BlockConfig, Config, MlpConfig};
use umoec_trainer::evaluate::{bits, graph_bits};
use umoec_trainer::export::{export, unsealed};
use umoec_trainer::import::import;
use umoec_trainer::random::Random;
use umoec_trainer::start::network;
use umoec_trainer::trainer::Trainer;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn spent(file: &[u8]) -> f64 {
    let model = Arc::new(StepModel::load(file, &ModelLimits::default()).unwrap());
    let text = crate::common::prose(9, 300);
    graph_bits(&model, &[&text]).unwrap()
}

#[test]
fn what_was_exported_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let mut trainer = Trainer::new(crate::common::smoke(), folder.path()).unwrap();
    (0..10).for_each(|_| drop(trainer.advance(2).unwrap()));
    let file = export(&trainer.trained()).unwrap();
    let back = import(&file, &crate::common::smoke()).unwrap();
    assert_eq!(spent(&export(&back).unwrap()), spent(&file));
    assert_ne!(
        spent(&export(&Trained::initial(crate::common::smoke())).unwrap()),
        spent(&file)
    );

    let path = folder.path().join("small.onnx");
    std::fs::write(&path, &file).unwrap();
    let named = network(
        Path::new("small"),
        Some(folder.path()),
        &crate::common::smoke(),
    );
    let named = named.unwrap();
    assert!(named.parameters == back.parameters);
    assert!(
        named
            .init
            .as_ref()
            .unwrap()
            .starts_with("small.onnx (BLAKE3")
    );
    let next = Trainer::continuing(crate::common::smoke(), folder.path(), named).unwrap();
    assert!(next.init.is_some());
}

#[test]
fn every_architecture_comes_back() {
    for architecture in crate::causality::architectures() {
        let mut network = architecture.network();
        // What stands at nothing or at one for all of a kind would come back of itself.
        let mut random = Random::new(8, 0);
        for parameter in network.parameters.iter_mut().flatten() {
            *parameter += 0.05 * random.normal();
        }
        let file = unsealed(&network);
        let name = architecture.name;
        let back = import(&file, &network.config).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(unsealed(&back) == file, "{name}");
    }
}

#[test]
fn exits_are_not_in_the_file_and_begin_anew() {
    let mut config = crate::common::smoke();
    config.model.exits = vec![1];
    let network = Trained::initial(config.clone());
    let file = unsealed(&network);
    let back = import(&file, &config).unwrap();
    assert!(unsealed(&back) == file);
    let size = umoec_trainer::layer::Exit::head_size(config.model.width);
    let head = |trained: &Trained| {
        let layer = &trained.parameters[2];
        layer[layer.len() - size..].to_vec()
    };
    assert!(head(&back) == head(&network));
}

#[test]
fn a_model_may_grow_with_the_configuration_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    let mut small = crate::common::smoke();
    small.model.blocks.truncate(2);
    let trained = crate::common::run(small.clone(), folder.path(), 2).trained();
    std::fs::write(folder.path().join("small.onnx"), export(&trained).unwrap()).unwrap();

    let mut large = crate::common::smoke();
    large.training.grow = vec![0, 1, -1];
    let from = network(Path::new("small"), Some(folder.path()), &small).unwrap();
    let grown = Trainer::continuing(large, folder.path(), from).unwrap();
    let text = crate::common::prose(9, 300);
    let of = |trained: &Trained| bits(trained, &[&text]).unwrap();
    // The file has the values on their grids alone, with which training's arithmetic works as well.
    let (before, after) = (of(&trained), of(&grown.trained()));
    assert!((before - after).abs() < 1e-3 * before, "{before} {after}");
    assert!(after < 0.7 * of(&Trained::initial(small)));
}

#[test]
fn the_model_of_this_repository_can_be_trained_further() {
    let config = Path::new(REPOSITORY).join("configs/train/nano-half.toml");
    let models = Path::new(REPOSITORY).join("plugins/predictor-onnx/models");
    let mut config = Config::load(&config).unwrap();
    // It has all of its blocks.
    config.training.grow.clear();
    let trained = network(Path::new("nano"), Some(&models), &config).unwrap();
    assert!(trained.tables.values.iter().any(|&v| v != 0.0));
}

#[test]
fn a_network_of_other_sizes_is_refused() {
    let file = export(&Trained::initial(crate::common::smoke())).unwrap();
    let mlp = |hidden| BlockConfig::Mlp(MlpConfig { hidden });
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = crate::common::smoke();
        change(&mut config);
        import(&file, &config).unwrap_err().to_string()
    };
    assert!(
        refused(&|c: &mut Config| c.model.blocks[1] = mlp(64)).contains("the configuration has")
    );
    assert!(refused(&|c: &mut Config| c.model.tables[0].bits += 1).contains("its tables hold"));
    assert!(refused(&|c: &mut Config| c.model.blocks.push(mlp(64))).contains("weights"));
    let error = import(b"no model", &crate::common::smoke()).unwrap_err();
    assert!(error.hint().unwrap().contains("ONNX"), "{error}");
}
