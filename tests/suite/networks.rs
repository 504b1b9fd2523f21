//! The same bits from every backend, through ONNX Runtime as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, compress, decompress};
use umoec_codec::plugin::{Model, Registry, hex};
use umoec_predictor_onnx::backend::library_at;
use umoec_predictor_onnx::conformance::{
    LANES, Setting, THREADS, digest, embedded, generated, read_vectors,
};
use umoec_predictor_onnx::sample::{Size, sample};
use umoec_predictor_onnx::{Backend, choose_backend};
use umoec_tests::content::Kind;
use umoec_tests::onnxruntime::onnxruntime;
use umoec_tests::stack::fixed;

/// The process has one choice of backend.
static CHOICE: Mutex<()> = Mutex::new(());

fn load() {
    library_at(&onnxruntime()).unwrap();
}

#[test]
fn every_backend_gives_the_stored_digests() {
    load();
    let vectors: BTreeMap<String, String> = read_vectors()
        .into_iter()
        .map(|vector| (vector.model, vector.digest))
        .collect();
    for case in embedded().unwrap().into_iter().chain(generated().unwrap()) {
        let expected = &vectors[&hex(&case.loaded.model().hash())];
        let backends = [Backend::Fused, Backend::Tract, Backend::Ort];
        let settings = backends.map(|backend| {
            Setting::isas(backend)
                .into_iter()
                .map(move |isa| (backend, isa))
        });
        for (backend, isa) in settings.into_iter().flatten() {
            for lanes in LANES {
                for threads in THREADS {
                    let setting = Setting {
                        backend,
                        lanes,
                        threads,
                        isa,
                    };
                    let digest = hex(&digest(&case, setting).unwrap());
                    assert_eq!(digest, *expected, "{} {setting:?}", case.name);
                }
            }
        }
    }
}

/// Contents of every kind, about a kilobyte each: the reference is slow.
fn contents() -> Vec<Vec<u8>> {
    let kinds = Kind::ALL.iter().enumerate();
    let mut contents: Vec<_> = kinds
        .map(|(seed, &kind)| kind.generate(1200, seed as u64))
        .collect();
    contents.push(b"the quick brown fox jumps over the lazy dog. ".repeat(30));
    contents
}

#[test]
fn what_one_backend_writes_each_other_reads() {
    load();
    let _choice = CHOICE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut registry: Registry = umoec_builtin::registry().unwrap();
    // The second one is told the statistics of the stream.
    for (name, size) in [("tiny", Size::TINY), ("told", Size::TOLD)] {
        let model = sample(name, size, 3).unwrap();
        registry.models_mut().insert(Model::new(name, model));
    }
    let registry = Arc::new(registry);
    let backends = [
        Backend::Fused,
        Backend::Tract,
        Backend::Ort,
        Backend::Reference,
    ];
    let ways = [1, 4, 7].map(|lanes| [("tiny", lanes), ("told", lanes)]);
    let ways = ways.into_iter().flatten().cycle();
    let contents = contents()
        .into_iter()
        .flat_map(|content| [content.clone(), content]);
    for ((model, lanes), content) in ways.zip(contents) {
        let settings = format!("model = '{model}'\nlanes = {lanes}\nsegment = 100");
        let profile = fixed(1000, ("tier1-onnx", &settings), ("rans", ""));
        let files = backends.map(|backend| {
            choose_backend(Some(backend));
            compress(&content, &registry, &EncodeOptions::new(profile.clone())).unwrap()
        });
        assert!(files.iter().all(|file| *file == files[0]));
        for backend in backends {
            choose_backend(Some(backend));
            let options = DecodeOptions {
                threads: 2,
                ..DecodeOptions::default()
            };
            assert!(decompress(&files[0], &registry, &options).unwrap() == content);
        }
    }
    choose_backend(None);
}
