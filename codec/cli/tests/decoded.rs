//! What `inspect --decode` and `inspect --variants` say of networks.

mod common;

use common::{Place, text};

const MIX: &str = r#"
name = "test"
block_size = "16 KiB"
memory = "256 MiB"
adapter = { plugin = "bytes" }
coder = { plugin = "rans" }
[predictor]
plugin = "mix"
network = "always"
rest = 20
lanes = 2
lanes_kib = 9
cm = { models = ["text"], table_mib = 1 }
"#;

/// A place with `a.umc`: two blocks of two lanes.
fn place() -> Place {
    let place = Place::new();
    let content = [text(11_000, 1), text(11_000, 1)].concat();
    place.write("a", &content);
    place.write("mix.toml", MIX.as_bytes());
    place
        .run(&["compress", "-q", "--config", "mix.toml", "a"])
        .ok();
    place
}

#[test]
fn lanes_and_rest_are_said_without_decoding() {
    let place = place();
    let said = place.run(&["inspect", "a.umc"]).ok().text();
    assert!(
        said.contains("which rests where a match has 20 bytes; 2 lanes of 4 KiB"),
        "{said}"
    );
    assert!(
        !said.contains("rested") && !said.contains("in place of"),
        "{said}"
    );
    let json = place.run(&["inspect", "--json", "a.umc"]).ok().text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let stream = &json["members"][0]["frames"][0]["streams"][0];
    let about = stream["predictor"]["about"].as_str().unwrap();
    assert!(about.contains("2 lanes"), "{about}");
    assert!(stream.get("decoded").is_none());
}

#[test]
fn decoding_says_where_the_network_rested() {
    let place = place();
    let said = place.run(&["inspect", "--decode", "a.umc"]).ok().text();
    // One line for each of the two blocks, and one for both.
    let lines: Vec<_> = said
        .lines()
        .filter(|l| l.contains("at which the network rested: "))
        .collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(said.contains("all streams together"), "{said}");
    assert!(!said.contains("cm alone"), "{said}");

    let json = place
        .run(&["inspect", "--decode", "--json", "a.umc"])
        .ok()
        .text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let frames = json["members"][0]["frames"].as_array().unwrap();
    let rested: u64 = frames
        .iter()
        .map(|frame| {
            let counts = &frame["streams"][0]["decoded"]["counts"];
            assert_eq!(counts[0]["what"], "bytes at which the network rested");
            counts[0]["count"].as_u64().unwrap()
        })
        .sum();
    // The second half is a copy of the first, of which the second block sees little.
    assert!((1..22_000).contains(&rested), "{rested}");
    let shown = lines[2].split(": ").nth(1).unwrap().replace(',', "");
    assert_eq!(shown.split(' ').next().unwrap(), rested.to_string());
}

#[test]
fn variants_say_what_parts_are_worth() {
    let place = place();
    let said = place.run(&["inspect", "--variants", "a.umc"]).ok().text();
    for part in [
        "cm alone: ",
        "network alone: ",
        "no rest: ",
        "one lane: ",
        " bytes in place of ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let json = place
        .run(&["inspect", "--variants", "--json", "a.umc"])
        .ok()
        .text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let frames = json["members"][0]["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 2);
    for frame in frames {
        let stream = &frame["streams"][0];
        let variants = stream["decoded"]["variants"].as_array().unwrap();
        let names: Vec<_> = variants.iter().map(|v| &v["name"]).collect();
        assert_eq!(names, ["cm alone", "no rest", "one lane", "network alone"]);
        let cost = stream["decoded"]["cost"].as_u64().unwrap();
        let payload = stream["payload_length"].as_u64().unwrap();
        assert!(
            cost.abs_diff(payload) < 20 + payload / 100,
            "{cost} {payload}"
        );
    }
}

#[test]
fn what_cannot_be_decoded_is_still_inspected() {
    let place = place();
    let failed = place.run(&["inspect", "--decode", "-"]);
    assert_eq!(failed.code(), Some(1));
    assert!(failed.stderr().contains("only once"), "{}", failed.stderr());

    let mut damaged = place.read("a.umc");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    place.write("bad.umc", &damaged);
    let ran = place.run(&["inspect", "--decode", "bad.umc"]);
    assert_ne!(ran.code(), Some(0));
    assert!(ran.text().contains("DAMAGED"), "{}", ran.text());

    let ran = place.run(&["inspect", "--decode", "--memory", "1M", "a.umc"]);
    assert_ne!(ran.code(), Some(0));
    assert!(ran.text().contains("2 lanes of 4 KiB"), "{}", ran.text());
    assert!(ran.stderr().contains("memory"), "{}", ran.stderr());
}
