//! `umoec bench`.

mod common;

use common::{Place, text};

#[test]
fn every_compressor_is_measured_or_listed_as_missing() {
    let place = Place::new();
    place.write("a", &text(20_000, 1));
    place.write("b", &text(500, 2));
    let args = [
        "bench",
        "--profile",
        "turbo",
        "-T1",
        "--json",
        "r.json",
        "--csv",
        "r.csv",
        "--svg",
        "r.svg",
        "--html",
        "r.html",
        "a",
        "b",
    ];
    let output = place.command(&args).env("PATH", "").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in [
        "a (20,000 bytes)",
        "b (500 bytes)",
        "total of 2 files (20,500 bytes)",
    ] {
        assert!(table.contains(part), "{table}");
    }
    assert_eq!(table.matches("umoec turbo").count(), 3, "{table}");
    assert_eq!(table.matches("not installed").count(), 2 * 8, "{table}");

    let json: serde_json::Value = serde_json::from_slice(&place.read("r.json")).unwrap();
    let own = &json["files"][0]["results"][0];
    assert_eq!(own["compressor"], "umoec turbo");
    assert_eq!(own["state"], "done");
    // The size is that of the file that the command line writes.
    place
        .run(&["compress", "-q", "--profile", "turbo", "a"])
        .ok();
    assert_eq!(own["packed"], place.read("a.umc").len());
    assert!(own["compress_memory"].as_u64().unwrap() > 1 << 20);
    assert!(own["decompress_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(json["files"][0]["results"].as_array().unwrap().len(), 9);
    assert_eq!(json["totals"][0]["files"], 2);

    let page = String::from_utf8(place.read("r.html")).unwrap();
    assert_eq!(page.matches("<td>umoec turbo</td>").count(), 3, "{page}");
    assert!(page.contains("<svg") && page.contains("not installed"));

    let csv = String::from_utf8(place.read("r.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 2 * 9);
    let columns = |line: &str| line.split(',').count();
    assert!(
        csv.lines()
            .all(|l| columns(l) == columns(csv.lines().next().unwrap()))
    );

    let svg = String::from_utf8(place.read("r.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<circle").count(), 2, "one for each direction");
}

#[test]
fn the_smallest_result_comes_first_and_results_can_go_to_standard_output() {
    let place = Place::new();
    place.write("a", &text(20_000, 3));
    let args = [
        "bench",
        "--profile",
        "turbo,balanced",
        "--peers",
        "none",
        "--csv",
        "-",
        "a",
    ];
    let ran = place.run(&args).ok();
    assert!(ran.text().starts_with("file,bytes,compressor,"));
    assert_eq!(ran.text().lines().count(), 3);
    // The table then goes to standard error.
    let table = ran.stderr();
    let sizes: Vec<u64> = table
        .lines()
        .filter(|l| l.starts_with("  umoec"))
        .map(|l| {
            l.split_whitespace()
                .nth(2)
                .unwrap()
                .replace(',', "")
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(sizes.len(), 2, "{table}");
    assert!(sizes[0] <= sizes[1], "{table}");
}

/// A stand-in for a peer that returns something else than it was given.
#[cfg(unix)]
#[test]
fn a_compressor_that_loses_bytes_is_caught() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("a", &text(2000, 4));
    let fake = place.write("bin/gzip", b"#!/bin/sh\necho nonsense\n");
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let failing = place.write("bin/xz", b"#!/bin/sh\necho no license >&2\nexit 3\n");
    std::fs::set_permissions(&failing, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = place
        .command(&["bench", "--profile", "turbo", "--peers", "gzip,xz", "a"])
        .env("PATH", place.path("bin"))
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("gzip -9              FAILED: what was decompressed differs"),
        "{table}"
    );
    assert!(table.contains("no license"), "{table}");
    // It is the peer's fault, not ours.
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn without_a_file_a_sample_is_generated() {
    let place = Place::new();
    let ran = place
        .run(&["bench", "--profile", "turbo", "--peers", "none"])
        .ok();
    assert!(ran.text().contains("generated sample ("), "{}", ran.text());
    assert_eq!(place.names(), Vec::<String>::new());
}
