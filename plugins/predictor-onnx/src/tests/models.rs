//! The models that come with the plugin, embedded or not.

use std::path::Path;
use std::sync::Arc;

use umoec_codec::plugin::Model;
use umoec_exact::{ModelLimits, Reference, StepModel};

use crate::{Backend, Loaded};

/// Every model of the folder is exact, says on its card which file it is, and passes its self-test here.
#[test]
fn each_has_a_card_and_gives_its_logits_on_every_backend() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "onnx") {
            continue;
        }
        seen += 1;
        let file = std::fs::read(&path).unwrap();
        let card = std::fs::read_to_string(path.with_extension("md")).unwrap();
        let shown = path.display();
        assert!(file.len() <= 2_000_000, "{shown}: {} bytes", file.len());
        let hash = blake3::hash(&file).to_hex();
        assert!(card.contains(hash.as_str()), "{shown}: {hash}");

        let model = Arc::new(StepModel::load(&file, &ModelLimits::default()).unwrap());
        let test = model.self_test().unwrap();
        let mut reference = Reference::new(Arc::clone(&model), 1).unwrap();
        test.check("reference", &mut reference).unwrap();
        let loaded = Loaded::new(Model::new("one", file)).unwrap();
        for backend in [Backend::Fused, Backend::Tract] {
            let prepared = loaded.prepare(backend, 1).unwrap();
            let mut stepper = prepared.start().unwrap();
            test.check(&backend.to_string(), &mut *stepper).unwrap();
        }
    }
    assert_eq!(seen, 2);
}
