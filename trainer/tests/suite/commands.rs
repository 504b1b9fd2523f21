//! The program as it is called: what it prints, its exit codes, and Ctrl-C.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::Config;
use umoec_trainer::exit_code::Exit;

const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/train/smoke.toml");

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_umoec-train"))
}

/// The program with words and paths as arguments, in `folder`.
fn run(folder: &Path, arguments: &str) -> Output {
    let arguments = arguments.split_whitespace();
    program()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

pub(crate) fn good(folder: &Path, arguments: &str) -> String {
    let output = run(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn bad(folder: &Path, arguments: &str, code: i32) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments}");
    String::from_utf8(output.stderr).unwrap()
}

/// A folder with data and configuration.
pub(crate) fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_data(folder.path());
    fs::copy(SMOKE, folder.path().join("c.toml")).unwrap();
    folder
}

#[test]
fn from_data_to_a_model_its_measures_its_text_and_its_card() {
    let folder = prepared();
    let folder = folder.path();
    let text = good(
        folder,
        "train --config c.toml --data . --checkpoint run.checkpoint --log log --log-every 10",
    );
    assert!(text.contains("step 40 of 40: "), "{text}");
    let table = fs::read_to_string(folder.join("log/run.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 4);

    let text = good(folder, "export --checkpoint run.checkpoint --out m.onnx");
    assert!(text.contains("MAC per byte"), "{text}");
    let hash = blake3::hash(&fs::read(folder.join("m.onnx")).unwrap()).to_hex();
    assert!(text.contains(hash.as_str()));

    let measured = "--only exact,training,float --cut 500 --first 1000 --json r.json prose.txt";
    let text = good(
        folder,
        &format!("eval --checkpoint run.checkpoint {measured}"),
    );
    assert!(text.contains("exact training    float"), "{text}");
    let results = fs::read(folder.join("r.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    let means = &results["total"]["bits_per_byte"];
    let [exact, training, float] = ["exact", "training", "float"].map(|c| means[c].as_f64());
    assert_eq!(results["total"]["bytes"], 1000);
    assert!((exact.unwrap() - training.unwrap()).abs() < 0.1, "{means}");
    assert!(
        training != float && (1.0..8.0).contains(&float.unwrap()),
        "{means}"
    );

    let text = good(folder, "eval --model m.onnx --only exact,float prose.txt");
    assert!(text.contains("exact") && !text.contains("float"), "{text}");

    for (path, bytes) in [("d/books/a", 30), ("d/wiki/x/b", 20), ("d/c", 10)] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, crate::common::prose(3, bytes)).unwrap();
    }
    good(
        folder,
        "eval --model m.onnx --only exact --json d.json d d/wiki/x/b",
    );
    let found = fs::read(folder.join("d.json")).unwrap();
    let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
    let found = found["modalities"].as_array().unwrap().iter();
    let found: Vec<_> = found
        .map(|m| (m["name"].as_str().unwrap(), m["bytes"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("books", 30), ("d", 10), ("wiki", 20), ("x", 20)]);

    let write = |seed: u32| {
        let arguments = format!("generate --model m.onnx --prompt ka -n 60 --seed {seed}");
        run(folder, &arguments).stdout
    };
    assert_eq!(write(1).len(), 60);
    assert_eq!(write(1), write(1));
    assert_ne!(write(1), write(2));

    let card = "card --checkpoint run.checkpoint --config c.toml --data . --model m.onnx";
    let text = good(folder, &format!("{card} --eval r.json"));
    assert!(
        text.contains(hash.as_str()) && text.contains("Seed 7; 40 steps"),
        "{text}"
    );
    assert!(text.contains("| prose.txt | 75.0 | 20,000 | `"), "{text}");
    assert!(
        text.contains("| file | bytes | exact | training | float |"),
        "{text}"
    );
    let other = fs::read_to_string(folder.join("r.json")).unwrap();
    fs::write(
        folder.join("other.json"),
        other.replace(hash.as_str(), "else"),
    )
    .unwrap();
    let text = bad(folder, &format!("{card} --eval other.json"), 3);
    assert!(
        text.contains("the results are of the model with BLAKE3 else"),
        "{text}"
    );
    fs::write(folder.join("other.onnx"), b"else").unwrap();
    let text = bad(folder, &card.replace("m.onnx", "other.onnx"), 3);
    assert!(text.contains("is not what"), "{text}");
}

#[test]
fn a_dry_run_says_what_the_network_costs_and_writes_nothing() {
    let folder = prepared();
    let text = good(folder.path(), "train --config c.toml --dry-run");
    let exported = umoec_trainer::export::export(&Trained::initial(crate::common::smoke()));
    let limits = umoec_exact::ModelLimits::default();
    let model = umoec_exact::StepModel::load(&exported.unwrap(), &limits).unwrap();
    let macs = umoec_trainer::view::grouped(model.cost().macs_per_byte);
    assert!(text.contains(&format!("{macs} MAC per byte")), "{text}");
    assert!(
        text.contains("10,240 in all") && text.contains("kB/s"),
        "{text}"
    );
    let number = |after: &str, before: &str| -> f64 {
        let line = text.lines().find(|line| line.contains("GFLOP/s")).unwrap();
        let end = line.find(before).unwrap();
        let start = line[..end].find(after).map_or(0, |at| at + after.len());
        line[start..end].trim().parse().unwrap()
    };
    let (rate, most) = (number("", " GFLOP/s"), number("of the ", " that they"));
    assert!(rate > 0.0 && rate < most, "{text}");
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["c.toml", "members.tar", "prose.txt"]);
}

#[test]
fn what_goes_wrong_has_the_exit_code_of_its_kind_and_a_hint() {
    let folder = prepared();
    let folder = folder.path();
    assert!(bad(folder, "train --confg c.toml", 1).contains("--config"));
    assert!(bad(folder, "train --config c.toml", 1).contains("--data"));
    assert!(bad(folder, "generate --model m --temperature -1", 1).contains("0 to 100"));
    let train = |rest: &str, code| bad(folder, &format!("train --config c.toml {rest}"), code);
    let text = train("--data nowhere --checkpoint x", 1);
    assert!(
        text.starts_with("umoec-train: data: nowhere is no folder\n  hint: "),
        "{text}"
    );
    let text = train("--data . --checkpoint no/folder/x", 2);
    assert!(
        text.contains("no/folder/x.part: ") && text.contains("hint: check the name"),
        "{text}"
    );
    let all = fs::read_to_string(folder.join("c.toml")).unwrap();
    let all = all.split("[[sources]]").next().unwrap();
    fs::write(folder.join("all.toml"), all).unwrap();
    let all = "train --config all.toml --data . --checkpoint";
    let text = bad(folder, &format!("{all} x"), 1);
    assert!(text.contains("x would lie in the data folder"), "{text}");
    let text = bad(folder, &format!("{all} /no/such/x --log new/log"), 1);
    assert!(
        text.contains("run.csv would lie in the data folder"),
        "{text}"
    );
    let text = train("--data . --checkpoint x --init nanu", 2);
    assert!(
        text.contains("there is no file nanu, nor nanu.onnx"),
        "{text}"
    );
    #[cfg(not(feature = "gpu"))]
    {
        let text = train("--data . --checkpoint x --device gpu", 7);
        assert!(
            text.contains("GPU: this program was built without them"),
            "{text}"
        );
    }
    fs::create_dir(folder.join("taken")).unwrap();
    let text = train("--data . --checkpoint taken", 2);
    assert!(
        text.contains("hint: a folder stands where a file should be"),
        "{text}"
    );
    let text = bad(folder, "eval --model c.toml prose.txt", 3);
    assert!(text.contains("hint: is it an ONNX file at all?"), "{text}");
    let text = bad(folder, "export --checkpoint c.toml --out x.onnx", 3);
    assert!(text.contains("checkpoint: it is no checkpoint"), "{text}");

    let config = "train --config c.toml --data .";
    good(folder, &format!("{config} --checkpoint ok --until 1"));
    let text = bad(folder, "export --checkpoint ok --exit 0 --out x.onnx", 1);
    assert!(
        text.contains("no exit after block 0; it has none"),
        "{text}"
    );
    let text = bad(folder, "export --checkpoint ok --out no/folder/x", 2);
    assert!(text.contains("no/folder/x.part: "), "{text}");
    let mut damaged = fs::read(folder.join("ok")).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(folder.join("ok"), damaged).unwrap();
    let text = bad(folder, &format!("{config} --checkpoint ok"), 4);
    assert!(text.contains("checkpoint: its hash is not"), "{text}");
    assert!(text.contains("hint: it was damaged"), "{text}");
    assert!(good(folder, "--help").contains("umoec-train"));
}

#[test]
fn exit_codes_are_those_of_umoec() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../codec/cli/src/exit.rs");
    let table = fs::read_to_string(table).unwrap();
    for exit in [
        Exit::Ok,
        Exit::Usage,
        Exit::Io,
        Exit::Format,
        Exit::Integrity,
        Exit::Limit,
        Exit::Plugin,
        Exit::Interrupted,
    ] {
        let line = format!("    {exit:?} = {},", exit as u8);
        assert!(table.lines().any(|l| l == line), "{line}");
    }
}

/// A run of far more steps than a test can wait for.
fn endless(folder: &Path) {
    let mut config = Config::load(Path::new(SMOKE)).unwrap();
    config.training.steps = 1_000_000;
    fs::write(folder.join("c.toml"), toml::to_string(&config).unwrap()).unwrap();
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_with_a_checkpoint_that_it_goes_on_from() {
    let folder = prepared();
    let folder = folder.path();
    endless(folder);
    let arguments =
        "train --config c.toml --data . --checkpoint run.checkpoint --log log --log-every 1";
    let child = program()
        .args(arguments.split(' '))
        .current_dir(folder)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let rows = || {
        let table = fs::read_to_string(folder.join("log/run.csv"));
        table.map_or(0, |table| table.lines().count())
    };
    while rows() < 4 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it does not begin"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("the same command goes on"), "{text}");

    let stopped = Trained::load(&folder.join("run.checkpoint")).unwrap();
    assert!(stopped.step >= 3, "{}", stopped.step);
    let until = stopped.step + 2;
    let text = good(folder, &format!("{arguments} --until {until}"));
    let step = stopped.step;
    assert!(
        text.contains(&format!("going on from run.checkpoint, step {step}")),
        "{text}"
    );
    let gone_on = Trained::load(&folder.join("run.checkpoint")).unwrap();

    // The same steps without a pause.
    let arguments = arguments.replace("run.checkpoint", "whole.checkpoint");
    good(folder, &format!("{arguments} --until {until}"));
    let whole = Trained::load(&folder.join("whole.checkpoint")).unwrap();
    assert!(gone_on.parameters == whole.parameters && gone_on.step == whole.step);
    assert!(
        fs::read(folder.join("run.checkpoint")).unwrap()
            == fs::read(folder.join("whole.checkpoint")).unwrap()
    );
}

#[test]
fn a_run_without_gain_stops_and_keeps_its_best() {
    let folder = prepared();
    let folder = folder.path();
    let mut config = Config::load(Path::new(SMOKE)).unwrap();
    config.training.steps = 1_000_000;
    // So fast that nothing is learned for long.
    (config.training.rate, config.training.table_rate) = (3.0, 30.0);
    config.validation = toml::from_str("every = 2\npatience = 3\nshare = 0.1").unwrap();
    fs::write(folder.join("c.toml"), toml::to_string(&config).unwrap()).unwrap();
    let arguments = "train --config c.toml --data . --checkpoint run.checkpoint";
    let text = good(folder, arguments);
    assert!(text.contains("3 evaluations brought no gain"), "{text}");
    let last = Trained::load(&folder.join("run.checkpoint")).unwrap().step;
    let best = Trained::load(&folder.join("run.best.checkpoint"))
        .unwrap()
        .step;
    assert_eq!(last, best + 2 * 3);
    // Called again it has nothing to do.
    let text = good(folder, arguments);
    assert!(
        text.contains(&format!("stopped after step {last}")),
        "{text}"
    );
}
