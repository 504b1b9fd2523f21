//! Libraries that are wrong, each in one way: a clear error, and nothing else happens.

use umoec_codec::pipeline::{DecodeOptions, decompress};
use umoec_codec::plugin::{Registry, Settings};
use umoec_tests::root;
use umoec_tests::third_party::{c_library, events};

use super::{encode, profile, refusal, with};

/// Fault of `broken.c`, and what the error says.
const FAULTS: [(&str, &str); 27] = [
    ("WRONG_MAGIC", "its table begins with 0x1122334455667788"),
    (
        "WRONG_MAJOR",
        "version 2.1 of the interface, this program has version 1",
    ),
    ("SMALL_TABLE", "its table: only 24 bytes"),
    (
        "SMALL_PLUGIN",
        "plugin 0 of it: its declaration: only 16 bytes",
    ),
    ("NULL_TABLE", "its table is at no address"),
    ("NULL_LIST", "its list of plugins is at no address"),
    ("NO_PLUGINS", "it declares 0 plugins"),
    (
        "WRONG_ID",
        "its id is 0x1234567890, but that of the adapter org.example.broken is 0xa4a6a1a2befc3e",
    ),
    (
        "NAME_NOT_UTF8",
        "plugin 0 of it: its name is not plain UTF-8",
    ),
    ("NAME_NULL", "its name is missing"),
    ("KIND_UNKNOWN", "its kind is 7"),
    ("NULL_FUNCTION", "its function `forward` is null"),
    ("SHORT_OUTPUT", "it returned 0 bytes of a block of 1"),
    ("LONG_OUTPUT", "more than the 1 bytes"),
    ("BEYOND_BUFFER", "it wrote beyond the end of its buffer"),
    (
        "TOO_MANY_STREAMS",
        "it asked for stream 300, having begun 0",
    ),
    ("WRONG_BYTES", "is not the block it was given"),
    ("UNKNOWN_STATUS", "it failed with status 12345"),
    ("LONG_MESSAGE", "fails its self-test: with one byte"),
    ("PARAMS_TOO_LONG", "more than the 65536 bytes"),
    ("NO_STREAM", "it made no stream"),
    ("PROPOSES_OTHER_BYTES", "is not the block it was given"),
    ("PROPOSES_TOO_SURELY", "its score is 101, not 0 to 100"),
    ("PROPOSES_NO_STREAM", "it made no stream"),
    ("FINDS_TOO_MUCH", "it finds bytes 0 to 2 in a block of 1"),
    ("FINDS_NOTHING", "it finds bytes 1 to 1 in a block of 1"),
    ("PROPOSAL_FAILS", "not today."),
];

/// Fault of `broken_coding.c`, and what the error says.
const FAULTS_OF_CODING: [(&str, &str); 13] = [
    (
        "PREDICTS_TOO_LITTLE",
        "it coded fewer bytes than it was asked for",
    ),
    (
        "PREDICTS_TOO_MUCH",
        "it coded more bytes than it was asked for",
    ),
    (
        "STATES_CERTAINTY",
        "a probability that is not within 1..=65535",
    ),
    ("WRITES_ANOTHER_HISTORY", "its history is not what it coded"),
    (
        "STATES_OTHERS_EACH_TIME",
        "it states other probabilities the second time",
    ),
    ("NEEDS_ALL_MEMORY", "needs 18446744073709551615 bytes"),
    (
        "ANSWERS_WRONGLY",
        "its encoder does not answer with the bytes",
    ),
    ("WRITES_TOO_MUCH", "it returned more than the 65552 bytes"),
    (
        "TAKES_ANY_PAYLOAD",
        "its decoder takes a payload with a byte too many",
    ),
    ("HAS_NO_BIT", "its function `bit` is null"),
    ("DECODES_OTHERS", "its decoder does not give the bytes back"),
    (
        "FORGETS_THE_PAYLOAD",
        "its decoder does not give the bytes back",
    ),
    ("STARTS_NOTHING", "the device is on fire"),
];

/// The number that a fault has in that C file.
fn number_in(file: &str, fault: &str) -> u32 {
    let text =
        std::fs::read_to_string(root().join(format!("plugins/example-thirdparty/c/{file}.c")))
            .unwrap();
    let start = format!("#define {fault} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("there is no {fault}"))
}

fn number(fault: &str) -> u32 {
    number_in("broken", fault)
}

#[test]
fn every_fault_of_coding_is_refused_with_its_reason() {
    for (fault, says) in FAULTS_OF_CODING {
        let library = c_library("broken_coding", number_in("broken_coding", fault));
        let reason = refusal(&library);
        assert!(reason.contains(says), "{fault}: {reason}");
    }
    // Without a fault there is nothing to refuse.
    with(&[c_library("broken_coding", 0)]);
}

#[test]
fn every_fault_is_refused_with_its_reason() {
    for (fault, says) in FAULTS {
        let reason = refusal(&c_library("broken", number(fault)));
        assert!(reason.contains(says), "{fault}: {reason}");
    }
}

#[test]
fn what_is_refused_once_is_refused_again() {
    let library = c_library("broken", number("WRONG_BYTES"));
    assert_eq!(refusal(&library), refusal(&library));
}

#[test]
fn tables_of_earlier_and_later_minor_versions_are_taken() {
    for version in ["FIRST_MINOR", "FUTURE_MINOR"] {
        let registry = with(&[c_library("broken", number(version))]);
        let content = events(2, 1);
        let mut auto = profile("auto", "order0", "rans");
        let settings = &mut auto.adapter.settings;
        settings.insert("example-broken".into(), Settings::new().into());
        for profile in [profile("example-broken", "order0", "rans"), auto] {
            let file = encode(&content, &registry, profile).unwrap();
            let back = decompress(&file[..], &registry, &DecodeOptions::default()).unwrap();
            assert_eq!(back, content);
        }
    }
}

/// The self-test is small; a block that does not come back is noticed before it is written.
#[test]
fn no_data_is_lost_to_a_plugin_that_passed_the_self_test() {
    let registry = with(&[c_library("broken", number("WRONG_ON_LARGE"))]);
    let lossy = || profile("example-broken", "order0", "rans");
    let encoded = encode(&events(100, 1), &registry, lossy());
    let error = encoded.map(|file| file.len()).unwrap_err().to_string();
    assert!(error.contains("bytes of a block of"), "{error}");
    assert!(
        error.contains("adapter 0xa4a6a1a2befc3e: `example-broken`"),
        "{error}"
    );
    encode(b"small is fine", &registry, lossy()).unwrap();
}

#[test]
fn two_that_claim_one_id_are_an_error_that_names_both() {
    let (first, second) = (c_library("delta", 0), c_library("delta", 1));
    let mut registry = Registry::new();
    registry.add_library(&first).unwrap();
    let error = registry.add_library(&second).unwrap_err().to_string();
    for library in [first, second] {
        let path = std::fs::canonicalize(library).unwrap();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
    assert!(error.contains("two plugins claim one identity"), "{error}");
    assert_eq!(registry.iter().count(), 1);
}
