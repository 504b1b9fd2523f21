//! A decoder that was written from the documents alone (`tests/reference`, in Python) makes the
//! same of every vector: the same content, or the same fault.

use std::process::{Child, Command, Stdio};

use umoec_tests::root;
use umoec_tests::vectors::{folder, manifest};

/// Processes at a time: predictor `cm` takes Python a second for a few hundred bytes.
const PROCESSES: usize = 8;

#[test]
fn a_second_decoder_agrees() {
    let paths: Vec<String> = manifest::read()
        .into_keys()
        // Millions of decisions take Python minutes.
        .filter(|path| !path.contains("chunks"))
        .collect();
    let start = |first| {
        Command::new("python3")
            .arg("-B")
            .arg(root().join("tests/reference/decode.py"))
            .args(paths.iter().skip(first).step_by(PROCESSES))
            .current_dir(folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    };
    let running: Vec<Child> = match (0..PROCESSES).map(start).collect() {
        Ok(running) => running,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return eprintln!("skipped: there is no python3");
        }
        Err(e) => panic!("{e}"),
    };
    let mut lines = String::new();
    for child in running {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        lines += &String::from_utf8(output.stdout).unwrap();
    }
    let (mut wrong, mut agreed) = (Vec::new(), 0);
    assert_eq!(lines.lines().count(), paths.len());
    let entries = manifest::read();
    for line in lines.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, length, outcome] = fields[..] else {
            panic!("{line}");
        };
        let entry = &entries[path];
        let expected = entry.content_length.map_or("-".into(), |n| n.to_string());
        if (length, outcome) == (&*expected, &*entry.outcome) {
            agreed += 1;
        } else {
            wrong.push(format!("{line}, but {expected} {}", entry.outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(agreed > 200, "only {agreed} vectors");
}

/// It knows BLAKE3 by itself: the same check over contents of every shape of its tree.
#[test]
fn the_second_decoder_hashes_right() {
    let program = "import sys; sys.path.insert(0, sys.argv[1]); from blake3 import blake3\n\
                   for n in map(int, sys.argv[2:]): print(blake3(bytes(i % 251 for i in range(n))).hex())";
    let lengths = [
        0usize, 1, 64, 65, 1023, 1024, 1025, 2048, 2049, 3072, 5000, 8193,
    ];
    let output = Command::new("python3")
        .args(["-B", "-c", program])
        .arg(root().join("tests/reference"))
        .args(lengths.map(|n| n.to_string()))
        .output();
    let Ok(output) = output else {
        return eprintln!("skipped: there is no python3");
    };
    let expected = lengths.map(|n| {
        let content: Vec<u8> = (0..n).map(|i| (i % 251) as u8).collect();
        blake3::hash(&content).to_hex().to_string()
    });
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}
