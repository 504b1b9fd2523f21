//! The fuzz targets on mutated vectors, from a seed: what `tests/fuzz` does for hours, for
//! seconds, with nothing to install.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use umoec_tests::fuzz::{TARGETS, Target, cm_opens};
use umoec_tests::mutate::mutate;
use umoec_tests::random::Random;
use umoec_tests::vectors::manifest;
use umoec_tests::{root, sections, vectors, wire};

/// The most time for one case, on a machine that does much else.
const SLOW: Duration = Duration::from_secs(20);

/// Runs a case; keeps its bytes if it fails.
fn run(target: &str, call: Target, bytes: &[u8], name: &str) {
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| call(bytes)));
    let slow = start.elapsed() > SLOW;
    if ended.is_ok() && !slow {
        return;
    }
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{name}"));
    fs::write(&kept, bytes).unwrap();
    panic!(
        "{target} {} on {name}; the case is {}: put it into tests/fuzz/artifacts/{target}/",
        if slow { "takes too long" } else { "fails" },
        kept.display()
    );
}

/// Small files to start from, every vector that is not a large one.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let paths = manifest::read().into_keys();
    paths
        .map(|path| {
            let file = fs::read(vectors::folder().join(&path)).unwrap();
            (path.replace(['/', '.'], "-"), file)
        })
        // A case with more to decode takes the time of many.
        .filter(|(path, file)| file.len() < 3000 && !path.contains("chunks"))
        .collect()
}

/// What the target takes of a file: a whole one, or the frames in it.
fn inputs(target: &str, file: &[u8]) -> Vec<Vec<u8>> {
    if !["frame", "cm_params"].contains(&target) {
        return vec![file.to_vec()];
    }
    let frames = sections::sections(file).into_iter();
    let bodies = frames.filter_map(|section| match section.id {
        wire::FRAME => Some(&file[section.body]),
        // Memory stands before the frame, check and flags behind it.
        wire::SOLO => file.get(section.body.start + 1..section.body.end.checked_sub(5)?),
        _ => None,
    });
    bodies.map(<[u8]>::to_vec).collect()
}

fn smoke(target: &str, cases: usize) {
    let (_, call) = TARGETS
        .into_iter()
        .find(|(name, _)| *name == target)
        .unwrap();
    let seeds: Vec<(String, Vec<u8>)> = seeds()
        .iter()
        .flat_map(|(name, file)| inputs(target, file).into_iter().map(|i| (name.clone(), i)))
        .collect();
    for (name, seed) in &seeds {
        run(target, call, seed, name);
    }
    let mut random = Random::new(0x5eed);
    for case in 0..cases {
        let (name, seed) = &seeds[random.index(seeds.len())];
        let bytes = mutate(seed, &mut random);
        run(target, call, &bytes, &format!("{name}-{case}"));
    }
}

#[test]
fn decode() {
    smoke("decode", 4000);
}

#[test]
fn sections_of_files() {
    smoke("sections", 4000);
}

#[test]
fn frame() {
    smoke("frame", 2000);
}

/// Parameters are not in the vectors as such: from the presets' forms, and from noise.
#[test]
fn cm_params() {
    let (_, call) = TARGETS
        .into_iter()
        .find(|(name, _)| *name == "cm_params")
        .unwrap();
    let mut random = Random::new(2);
    let forms: [&[u8]; 5] = [
        &[100, 0, 1, 4],
        &[100, 1, 2, 0x24, 12, 0],
        &[0, 8, 3, 0x25, 3, 0xc0, 1],
        &[50, 0, 0, 4, 2, 1, 2, 1, 3, 1, 6, 1, 0, 60, 20, 8, 40],
        &[
            50, 0, 0, 0x64, 3, 80, 81, 112, 0, 2, 32, 5, 2, 1, 2, 60, 20, 8, 40, 3, 30,
        ],
    ];
    let mut opened = 0;
    for case in 0..1000 {
        let mut bytes = forms[random.index(forms.len())].to_vec();
        for _ in 0..random.below(4) {
            let at = random.index(bytes.len());
            match random.below(3) {
                0 => bytes[at] = random.byte(),
                1 => bytes.insert(at, random.byte() & 0x7f),
                _ => bytes[at] ^= 1 << random.below(8),
            }
        }
        run("cm_params", call, &bytes, &case.to_string());
        opened += u32::from(cm_opens(&bytes));
    }
    assert!(
        opened > 50,
        "only {opened} were valid: the forms are not those of cm"
    );
}

/// What a fuzzer once found stays found.
#[test]
fn artifacts() {
    let folder = root().join("tests/fuzz/artifacts");
    let mut replayed = 0;
    for (target, call) in TARGETS {
        for file in fs::read_dir(folder.join(target)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            run(target, call, &fs::read(&path).unwrap(), &name);
            replayed += 1;
        }
    }
    assert!(replayed >= TARGETS.len(), "each target has at least one");
}

/// The targets of cargo-fuzz are those that the suite runs.
#[test]
fn every_target_has_its_program() {
    let folder = root().join("tests/fuzz/fuzz_targets");
    let mut programs: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|f| {
            f.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    programs.sort();
    assert_eq!(programs, TARGETS.map(|(name, _)| name));
    let manifest = fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).unwrap();
    for name in programs {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
