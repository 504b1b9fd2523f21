//! The models that come with the plugin, embedded or not.

use std::path::Path;
use std::sync::Arc;

use umoec_codec::plugin::{Model, hex};
use umoec_exact::Reference;

use crate::conformance::{Case, LANES, Setting, digest, read_vectors};
use crate::{Backend, EMBEDDED, EMBEDDED_BYTES};

/// Most bytes of what is embedded, of any model, and of all together.
const EMBEDDED_MAX: usize = 2_000_000;
const MODEL_MAX: usize = 16_000_000;
const ALL_MAX: usize = 40_000_000;

/// Each with its card.
fn models() -> Vec<(Case, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut models = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "onnx") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let card = std::fs::read_to_string(path.with_extension("md")).unwrap();
            let model = Model::new(name.clone(), std::fs::read(&path).unwrap());
            models.push((Case::new(name, model).unwrap(), card));
        }
    }
    assert_eq!(models.len(), 3);
    models
}

/// Every model of the folder is exact, says on its card which file it is, and passes its self-test here.
#[test]
fn each_has_a_card_and_gives_its_logits_on_every_backend() {
    for (case, card) in models() {
        let (name, model) = (&case.name, case.loaded.model());
        let hash = hex(&model.hash());
        assert!(card.contains(&hash), "{name}: {hash}");
        let test = model.self_test().unwrap();
        let mut reference = Reference::new(Arc::clone(model), 1).unwrap();
        test.check("reference", &mut reference).unwrap();
        for backend in [Backend::Fused, Backend::Tract] {
            let prepared = case.loaded.prepare(backend, 1).unwrap();
            let mut stepper = prepared.start().unwrap();
            test.check(&backend.to_string(), &mut *stepper).unwrap();
        }
    }
}

#[test]
fn none_is_too_large_for_a_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let size = |name: &str| {
        let file = folder.join(name).with_extension("onnx");
        std::fs::metadata(file).unwrap().len() as usize
    };
    let sizes: Vec<usize> = models().iter().map(|(case, _)| size(&case.name)).collect();
    assert!(sizes.iter().all(|&size| size <= MODEL_MAX), "{sizes:?}");
    assert!(sizes.iter().sum::<usize>() <= ALL_MAX, "{sizes:?}");
    const { assert!(EMBEDDED_BYTES <= EMBEDDED_MAX) };
}

#[test]
fn what_is_linked_is_what_the_folder_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for model in EMBEDDED {
        let file = std::fs::read(folder.join(model.name).with_extension("onnx")).unwrap();
        assert!((model.bytes)() == file, "{}", model.name);
        assert!(EMBEDDED_BYTES < file.len() * 3 / 4, "{EMBEDDED_BYTES}");
    }
}

#[test]
fn each_has_its_vectors_with_all_instructions() {
    let vectors = read_vectors();
    let backend = Backend::Fused;
    for (case, _) in models() {
        let vector = vectors.iter().find(|v| v.name == case.name).unwrap();
        assert_eq!(vector.model, hex(&case.loaded.model().hash()));
        for isa in Setting::isas(backend) {
            for lanes in LANES {
                let setting = Setting {
                    backend,
                    lanes,
                    threads: 2,
                    isa,
                };
                let digest = hex(&digest(&case, setting).unwrap());
                assert_eq!(digest, vector.digest, "{} {setting:?}", case.name);
            }
        }
    }
}
