//! A decoder that was written from the documents alone (`tests/reference`, in Python) makes the
//! same of every vector: the same content, or the same fault.

use std::process::Command;

use umoec_tests::root;
use umoec_tests::vectors::{folder, manifest};

/// What the second decoder says of a predictor that it does not have.
const LEFT_OUT: &str = "left out";

#[test]
fn a_second_decoder_agrees() {
    let paths: Vec<String> = manifest::read()
        .into_keys()
        // Millions of decisions take Python minutes.
        .filter(|path| !path.contains("chunks"))
        .collect();
    let run = Command::new("python3")
        .arg("-B")
        .arg(root().join("tests/reference/decode.py"))
        .args(&paths)
        .current_dir(folder())
        .output();
    let output = match run {
        Ok(output) => output,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return eprintln!("skipped: there is no python3");
        }
        Err(e) => panic!("{e}"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let (mut wrong, mut agreed) = (Vec::new(), 0);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), paths.len());
    let entries = manifest::read();
    for line in lines.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, length, outcome] = fields[..] else {
            panic!("{line}");
        };
        if outcome == LEFT_OUT {
            assert!(
                path.contains("cm-") || path.contains("memory-table"),
                "{path}"
            );
            continue;
        }
        let entry = &entries[path];
        let expected = entry.content_length.map_or("-".into(), |n| n.to_string());
        if (length, outcome) == (&*expected, &*entry.outcome) {
            agreed += 1;
        } else {
            wrong.push(format!("{line}, but {expected} {}", entry.outcome));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(agreed > 150, "only {agreed} vectors");
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
