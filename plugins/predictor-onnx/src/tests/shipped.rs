//! The models in `models`, embedded or not.

use std::fs;
use std::path::{Path, PathBuf};

use umoec_codec::plugin::{Model, hex};

use crate::conformance::{Case, LANES, Setting, digest, read_vectors};
use crate::{Backend, EMBEDDED};

/// Each with its card.
fn models() -> Vec<(Case, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let model = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let card = fs::read_to_string(file.with_extension("md")).unwrap();
        let model = Model::new(name.clone(), fs::read(&file).unwrap());
        (Case::new(name, model).unwrap(), card)
    };
    files
        .filter(|file| file.extension().is_some_and(|kind| kind == "onnx"))
        .map(model)
        .collect()
}

#[test]
fn every_model_has_a_card_that_knows_it_and_its_vectors_with_all_instructions() {
    let models = models();
    for (name, _) in EMBEDDED {
        assert!(models.iter().any(|(case, _)| case.name == *name), "{name}");
    }
    let vectors = read_vectors();
    let backend = Backend::Fused;
    for (case, card) in models {
        let hash = hex(&case.loaded.model().hash());
        assert!(card.contains(&hash), "{}: another model's card", case.name);
        let vector = vectors.iter().find(|v| v.name == case.name).unwrap();
        assert_eq!(vector.model, hash, "{}", case.name);
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
