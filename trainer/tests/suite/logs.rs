//! The record of a run, read back.

use std::fs;
use std::path::Path;

use umoec_trainer::data::Spent;
use umoec_trainer::log::{Log, Row, masked};
use umoec_trainer::report::StepReport;
use umoec_trainer::validate::Validation;

fn names() -> Vec<String> {
    ["books", "a, b"].map(str::to_owned).to_vec()
}

fn report(step: u64) -> StepReport {
    let mut report = StepReport::new(2);
    report.step = step;
    report.rate = 0.5;
    report.modalities[0] = Spent {
        bits: 30.0,
        bytes: 10,
    };
    report
}

fn write(log: &mut Log, step: u64, validation: Option<&Validation>) {
    let report = report(step);
    let row = Row {
        report: &report,
        bytes: 10 * step,
        speed: 5.0,
        validation,
    };
    log.write(&row).unwrap();
}

/// The messages of an event file, their checksums checked.
fn messages(path: &Path) -> Vec<Vec<u8>> {
    let file = fs::read(path).unwrap();
    let mut rest = &file[..];
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let (length, body) = rest.split_at(8);
        let (check, body) = body.split_at(4);
        assert_eq!(check, masked(length).to_le_bytes());
        let (data, body) = body.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
        let (check, body) = body.split_at(4);
        assert_eq!(check, masked(data).to_le_bytes());
        messages.push(data.to_vec());
        rest = body;
    }
    messages
}

fn events(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    let paths = files.map(|entry| entry.unwrap().path());
    let mut events: Vec<_> = paths
        .filter(|path| path.to_string_lossy().contains("tfevents"))
        .collect();
    events.sort();
    events
}

fn holds(message: &[u8], text: &str) -> bool {
    message.windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn all_three_files_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new/folder");
    let mut log = Log::open(&folder, &names(), 0).unwrap();
    write(&mut log, 20, None);
    let validation = Validation {
        modalities: vec![
            Spent::default(),
            Spent {
                bits: 8.0,
                bytes: 4,
            },
        ],
        together: Vec::new(),
        best: true,
    };
    write(&mut log, 40, Some(&validation));

    let table = fs::read_to_string(folder.join("run.csv")).unwrap();
    let expected = "step,bytes,bytes_per_second,rate,bits_per_byte,validation,books,\"a, b\"\n\
                    20,200,5,0.5,3,,3,\n\
                    40,400,5,0.5,3,2,3,\n";
    assert_eq!(table, expected);

    let lines = fs::read_to_string(folder.join("run.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["modalities"], serde_json::json!({"books": 3.0}));
    assert_eq!(lines[0].get("validation"), None);
    assert_eq!(lines[1]["validation"]["modalities"]["a, b"], 2.0);
    assert_eq!(lines[1]["validation"]["best"], true);

    let events = events(&folder);
    assert_eq!(events.len(), 1);
    let messages = messages(&events[0]);
    assert_eq!(messages.len(), 3);
    assert!(holds(&messages[0], "brain.Event:2"));
    assert!(holds(&messages[1], "loss/books") && !holds(&messages[1], "validation"));
    assert!(holds(&messages[2], "validation/a, b") && holds(&messages[2], "validation/all"));
}

#[test]
fn rows_of_steps_that_are_done_again_are_taken_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut log = Log::open(folder, &names(), 0).unwrap();
    [10, 20, 30, 40]
        .iter()
        .for_each(|&step| write(&mut log, step, None));
    drop(log);
    // The last row of a record may be half-written.
    let path = folder.join("run.jsonl");
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("{\"step\": 5");
    fs::write(&path, text).unwrap();

    let mut log = Log::open(folder, &names(), 25).unwrap();
    write(&mut log, 30, None);
    let table = fs::read_to_string(folder.join("run.csv")).unwrap();
    let steps: Vec<&str> = table
        .lines()
        .map(|l| l.split(',').next().unwrap())
        .collect();
    assert_eq!(steps, ["step", "10", "20", "30"]);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);

    drop(Log::open(folder, &names(), 0).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Log::open(&file.join("log"), &names(), 0).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}
