//! `umoec conformance`: the same bits from every backend.

use std::collections::BTreeMap;
use std::time::Instant;

use umoec_codec::plugin::hex;
use umoec_predictor_onnx::Backend;
use umoec_predictor_onnx::backend::library;
use umoec_predictor_onnx::conformance::{
    Case, LANES, Setting, THREADS, digest, embedded, generated, read_vectors, write_vectors,
};

use crate::args::Global;
use crate::failure::{Failure, Outcome};
use crate::{command, setup};

/// What the command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Models to run as well; without any, those in the program
    #[arg(value_name = "PATH|HASH|NAME")]
    models: Vec<String>,
    /// Write the vectors that this version stores, by the reference interpreter
    #[arg(long, hide = true)]
    vectors: bool,
}

/// Runs every case on every backend there is, or on the one that --backend names.
pub(crate) fn run(args: &Args, global: &Global) -> Outcome {
    let cases = cases(&args.models)?;
    if args.vectors {
        let text = write_vectors(&cases).map_err(|e| failed(&e))?;
        return command::print(text.as_bytes());
    }
    let backends: Vec<Backend> = match global.backend() {
        Some(backend) => vec![backend],
        None => Backend::ALL.to_vec(),
    };
    command::print(machine().as_bytes())?;
    let stored = stored(&cases)?;
    let mut wrong = 0;
    for backend in backends {
        if let Err(missing) = backend.check() {
            if global.backend().is_some() {
                return Err(failed(&missing));
            }
            command::print(format!("{backend:<10} not here: {missing}\n").as_bytes())?;
            continue;
        }
        for case in &cases {
            wrong += check(case, backend, &stored)?;
        }
    }
    if wrong == 0 {
        return command::print(b"every digest is the same\n");
    }
    Err(Failure::model(
        format!("{wrong} runs gave other bits"),
        "do not use that backend on this machine, and please report this",
    ))
}

fn failed(error: &umoec_exact::ExactError) -> Failure {
    Failure::usage(error.to_string(), "")
}

fn cases(models: &[String]) -> Outcome<Vec<Case>> {
    let mut cases = embedded().map_err(|e| setup::refused(&e))?;
    let mut registry = setup::editable_registry()?;
    for wanted in models {
        let model = setup::model(wanted, &mut registry)?;
        let name = model.name().to_owned();
        cases.push(Case::new(name, model).map_err(|e| setup::refused(&e))?);
    }
    cases.extend(generated().map_err(|e| setup::refused(&e))?);
    Ok(cases)
}

/// The digest of each case as it must be: as stored, or else by the reference interpreter.
fn stored(cases: &[Case]) -> Outcome<BTreeMap<String, String>> {
    let mut known = BTreeMap::new();
    let vectors = read_vectors();
    for case in cases {
        let model = hex(&case.loaded.model().hash());
        let vector = vectors.iter().find(|vector| vector.model == model);
        let digest = match vector {
            Some(vector) => vector.digest.clone(),
            None => {
                let setting = Setting {
                    backend: Backend::Reference,
                    lanes: LANES[1],
                    threads: 1,
                    isa: None,
                };
                hex(&digest(case, setting).map_err(|e| failed(&e))?)
            }
        };
        known.insert(case.name.clone(), digest);
    }
    Ok(known)
}

/// Runs a case in every setting; how many were wrong.
fn check(case: &Case, backend: Backend, stored: &BTreeMap<String, String>) -> Outcome<usize> {
    let started = Instant::now();
    let expected = &stored[&case.name];
    let mut wrong = Vec::new();
    let isas = Setting::isas(backend);
    for (isa, lanes) in isas.iter().flat_map(|&isa| LANES.map(|lanes| (isa, lanes))) {
        for threads in THREADS {
            // The interpreter is slow, and has neither lanes nor threads to go wrong with.
            if backend == Backend::Reference && (lanes > LANES[1] || threads > 1) {
                continue;
            }
            let setting = Setting {
                backend,
                lanes,
                threads,
                isa,
            };
            let found = match digest(case, setting) {
                Ok(digest) if hex(&digest) == *expected => continue,
                Ok(digest) => hex(&digest)[..16].to_owned(),
                Err(error) => error.to_string(),
            };
            let isa = isa.map_or(String::new(), |isa| format!("{isa}, "));
            wrong.push(format!("{isa}{lanes} lanes, {threads} threads: {found}"));
        }
    }
    let outcome = if wrong.is_empty() {
        "same"
    } else {
        "DIFFERENT"
    };
    let line = format!(
        "{backend:<10} {:<16} {} {outcome} {:.2} s {}\n",
        case.name,
        &expected[..16],
        started.elapsed().as_secs_f64(),
        wrong.join("; ")
    );
    command::print(format!("{}\n", line.trim_end()).as_bytes())?;
    Ok(wrong.len())
}

/// The machine and the libraries, for the record.
fn machine() -> String {
    let ort = match library() {
        Ok(library) => format!("ONNX Runtime {}", library.version()),
        Err(_) => "no ONNX Runtime".into(),
    };
    format!(
        "umoec {}, {} {}, {}, tract 0.23.9, {ort}\n{:<10} {:<16} {:<16} lanes {LANES:?}, threads {THREADS:?}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
        instruction_sets(),
        "BACKEND",
        "CASE",
        "DIGEST"
    )
}

/// What backends may choose their kernels by.
#[cfg(target_arch = "x86_64")]
fn instruction_sets() -> String {
    let all = [
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ];
    let there = all.iter().filter(|(_, there)| *there);
    let names: Vec<&str> = there.map(|(name, _)| *name).collect();
    if names.is_empty() {
        "sse2".into()
    } else {
        names.join(" ")
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn instruction_sets() -> String {
    "instruction sets not listed".into()
}
