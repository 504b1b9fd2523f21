//! `umoec explain`.

mod common;

use common::{Place, text};

#[test]
fn a_page_says_where_the_bits_go() {
    let place = Place::new();
    let mut content = text(9000, 1);
    content.extend_from_slice(b"<script>alert(1)</script>\0\xFF");
    place.write("a <b>.txt", &content);
    place.run(&["explain", "a <b>.txt", "-o", "p.html"]).ok();
    let page = String::from_utf8(place.read("p.html")).unwrap();
    for part in [
        "<h1>a &lt;b&gt;.txt</h1>",
        "<b>9,027</b> bytes became",
        "&lt;script&gt;",
        "lower case",
        "bytes from 128 on",
        "<td>mix</td>",
        "<h2>By region</h2>",
        "Bytes 0 to 9,027 of 9,027",
        "</html>",
    ] {
        // The heat map puts elements between characters.
        let plain = page.replace("</span>", "");
        let plain: String = plain
            .split("<span class=\"")
            .map(|part| part.split_once("\">").map_or(part, |(_, rest)| rest))
            .collect();
        assert!(page.contains(part) || plain.contains(part), "{part}");
    }
    assert!(!page.contains("<script"), "content is not markup");
    assert!(!page.contains("http"), "the page needs nothing else");

    // A compressed file gives the same page, but for its name.
    place.run(&["compress", "-q", "a <b>.txt"]).ok();
    let ran = place.run(&["explain", "a <b>.txt.umc"]);
    let again = ran.ok().text();
    assert_eq!(again.replace(".txt.umc", ".txt"), page);
}

#[test]
fn the_parts_of_a_predictor_are_weighed_unless_they_are_not_wanted() {
    let place = Place::new();
    place.write(
        "a",
        b"The rain had stopped, and the old man walked slowly home. "
            .repeat(9)
            .as_slice(),
    );
    let weighed = place.run(&["explain", "a"]).ok().text();
    for part in [
        "<h2>What the parts of the predictors are worth</h2>",
        "<td>cm alone</td>",
        "<td>network alone</td>",
        "<th>cm alone</th>",
        "bytes at which the network rested: ",
    ] {
        assert!(weighed.contains(part), "{part}");
    }
    let plain = place.run(&["explain", "--no-variants", "a"]).ok().text();
    assert!(
        !plain.contains("cm alone") && plain.contains("By region"),
        "{plain}"
    );
}

#[test]
fn a_window_shows_a_part() {
    let place = Place::new();
    place.write("a", &[b"x".repeat(500), b"WINDOW".to_vec()].concat());
    let args = ["explain", "a", "--offset", "500", "--length", "4"];
    let page = place.run(&args).ok().text();
    assert!(page.contains("Bytes 500 to 504 of 506"), "{page}");
    let beyond = ["explain", "a", "--offset", "9000"];
    let page = place.run(&beyond).ok().text();
    assert!(page.contains("Bytes 506 to 506 of 506"), "{page}");
}

#[test]
fn nothing_is_half_written() {
    let place = Place::new();
    place.write("a", &text(3000, 2));
    place.run(&["compress", "-q", "a"]).ok();
    let mut damaged = place.read("a.umc");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    place.write("bad.umc", &damaged);
    place.write("there.html", b"mine");
    let before = place.names();
    for args in [
        &["explain", "bad.umc", "-o", "p.html"][..],
        &["explain", "a", "-o", "there.html"],
        &["explain", "none", "-o", "p.html"],
        &["explain", ".", "-o", "p.html"],
        &["explain", "a", "-o", "no/p.html"],
    ] {
        let output = place.command(args).output().unwrap();
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(place.names(), before);
    assert_eq!(place.read("there.html"), b"mine");
    place.run(&["explain", "a", "-fo", "there.html"]).ok();
    assert!(place.read("there.html").starts_with(b"<!DOCTYPE html>"));
}

#[test]
fn the_empty_content_has_a_page() {
    let page = Place::new().pipe(&["explain"], b"");
    let page = page.ok().text();
    assert!(page.contains("<b>0</b> bytes became <b>22</b>"), "{page}");
}
