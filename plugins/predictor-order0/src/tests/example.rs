//! The worked example of `spec.md` is what the code does: the text is made anew here.

use std::fmt::Write as _;

use super::*;
use umoec_codec::probability::Interval;
use umoec_coder_rans::reference;

const SPEC: &str = include_str!("../../spec.md");
const STREAM: &[u8] = b"abracadabra";

/// The intervals of the example, and section 3.1's table.
fn decisions() -> (Vec<Interval>, String) {
    let mut text = String::from(
        "| i | byte | s | C | n | sum | start | end | size |\n|--:|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut counts = Counts::default();
    let mut intervals = Vec::new();
    for (i, &byte) in STREAM.iter().enumerate() {
        let s = usize::from(byte);
        let below: u32 = counts.counts[..s].iter().sum();
        let interval = counts.distribution().interval(byte);
        writeln!(
            text,
            "| {i} | `{}` | {s} | {below} | {} | {} | {} | {} | {} |",
            char::from(byte),
            counts.counts[s],
            counts.sum,
            interval.start,
            interval.start + interval.size,
            interval.size
        )
        .unwrap();
        intervals.push(interval);
        counts.update(byte);
    }
    (intervals, text)
}

/// Section 3.2's table.
fn states(intervals: &[Interval]) -> String {
    let mut text =
        String::from("| i | byte | state before | word | state after |\n|--:|---|--:|--:|--:|\n");
    let mut x = 0;
    for (i, &interval) in intervals.iter().enumerate().rev() {
        let (after, word) = reference::push(x, interval);
        let word = word.map_or("-".into(), |w| format!("{w:#010x}"));
        let byte = char::from(STREAM[i]);
        writeln!(text, "| {i} | `{byte}` | {x:#x} | {word} | {after:#x} |").unwrap();
        x = after;
    }
    text
}

#[test]
fn the_worked_example_is_what_the_code_does() {
    let (intervals, decisions) = decisions();
    let payload = encode(STREAM);
    let hex: Vec<String> = payload.iter().map(|b| format!("{b:02x}")).collect();
    let bytes = format!("`{}` ({} bytes)\n", hex.join(" "), payload.len());
    for text in [decisions, states(&intervals), bytes] {
        assert!(SPEC.contains(&text), "spec.md must contain:\n{text}");
    }
}

#[test]
fn the_way_back_is_what_the_text_says() {
    let (intervals, _) = decisions();
    let x = 0xce_a966_6181;
    assert_eq!(reference::first_len(9), 5);
    assert_eq!(reference::peek(x), 24_961);
    let x = reference::pop(x, intervals[0]);
    assert_eq!(x, 0xcea9_6681);
    let x = x << 32 | 0x7446_73f9;
    assert_eq!(reference::peek(x), 29_689);
    for text in [
        "`0xcea9666181`",
        "0x6181 = 24961",
        "`0xcea96681`",
        "0x73f9 = 29689",
    ] {
        assert!(SPEC.contains(text), "{text}");
    }
}

#[test]
fn the_constants_are_those_of_the_text() {
    assert!(SPEC.contains(&format!("n[s] = n[s] + {INCREMENT}")));
    assert!(SPEC.contains(&format!("is above {LIMIT}, each count")));
}
