//! Models read back as networks to train.

use std::path::Path;
use std::sync::Arc;

use umoec_exact::{ModelLimits, StepModel};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::{BlockConfig, Config, MlpConfig};
use umoec_trainer::evaluate::graph_bits;
use umoec_trainer::export::export;
use umoec_trainer::import::import;
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
fn the_model_of_this_repository_can_be_trained_further() {
    let config = Path::new(REPOSITORY).join("configs/train/nano.toml");
    let models = Path::new(REPOSITORY).join("plugins/predictor-onnx/models");
    let config = Config::load(&config).unwrap();
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
