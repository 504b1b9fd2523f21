//! Files that no encoder of this version writes.

use umoec_codec::Error;

use crate::bytes::*;
use crate::plugins::decompress;

fn format_error(file: &[u8]) -> (u64, String, String) {
    match decompress(file) {
        Err(Error::Format {
            offset,
            section,
            reason,
        }) => (offset, section, reason),
        other => panic!("{other:?}"),
    }
}

fn unsupported(file: &[u8]) -> String {
    match decompress(file) {
        Err(Error::Unsupported { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

/// A member with these sections between HEADER and END.
fn around(sections: &[Vec<u8>], content: &[u8]) -> Vec<u8> {
    let header = section(HEADER, &header(1000, 64));
    member(&[&[header], sections].concat(), 0, content)
}

#[test]
fn a_file_written_by_hand_is_read() {
    assert_eq!(decompress(&stored_member(&[])).unwrap(), b"");
    assert_eq!(decompress(&stored_member(&[b"a"])).unwrap(), b"a");
    assert_eq!(
        decompress(&stored_member(&[b"ab", b"cde"])).unwrap(),
        b"abcde"
    );
    let solo = [
        &OPENING[..],
        &section(SOLO, &solo(0, &stored(b"abc"), b"abc")),
    ]
    .concat();
    assert_eq!(decompress(&solo).unwrap(), b"abc");
}

#[test]
fn a_later_version_is_unsupported_and_text_is_no_member() {
    let mut file = stored_member(&[b"a"]);
    file[3] = 0x82;
    assert!(unsupported(&file).contains("version 2"));
    file[3] = b' ';
    assert_eq!(format_error(&file).0, 0);
}

#[test]
fn unknown_ancillary_sections_are_skipped_anywhere() {
    let frame = |block: &[u8]| section(FRAME, &stored(block));
    let other = |id: u8| section(id, &[9; 300]);
    let file = around(
        &[
            other(0xff),
            frame(b"ab"),
            other(COMMENT),
            frame(b"c"),
            other(0x90),
        ],
        b"abc",
    );
    assert_eq!(decompress(&file).unwrap(), b"abc");
}

#[test]
fn a_damaged_ancillary_section_is_noticed() {
    let mut other = section(0xff, b"text");
    other[3] ^= 1;
    let file = around(&[other], b"");
    assert!(matches!(decompress(&file), Err(Error::Integrity { .. })));
}

#[test]
fn unknown_critical_sections_are_unsupported() {
    let file = around(&[section(0x7f, b"?")], b"");
    assert!(unsupported(&file).contains("0x7f"));
    let first = [&OPENING[..], &section(0x10, b"?")].concat();
    assert!(unsupported(&first).contains("0x10"));
}

#[test]
fn deltas_of_models_are_unsupported() {
    assert!(unsupported(&around(&[section(0x04, &[0; 40])], b"")).contains("lora"));
}

#[test]
fn lanes_of_a_frame_are_unsupported() {
    let lanes = [&[2, 1, 0, 4, 8][..], &[0, 1, 1], b"a"].concat();
    assert!(unsupported(&around(&[section(FRAME, &lanes)], b"a")).contains("frame 0"));
}

#[test]
fn a_model_that_is_not_here_is_unsupported() {
    let mut body = vec![0, 0, 100, 64, 1];
    body.extend([0xab; 32]);
    body.extend([1, 2, 1, 1]);
    let frame = section(FRAME, &stored(b"a"));
    let file = member(&[section(HEADER, &body), frame], 0, b"a");
    assert!(unsupported(&file).contains("model abab"));
    let frame = [&[4, 1, 0, 1][..], &[7; 32], &[0, 1, 1], b"a"].concat();
    let file = [&OPENING[..], &section(SOLO, &solo(9, &frame, b"a"))].concat();
    assert!(unsupported(&file).contains("model 0707"));
}

#[test]
fn missing_plugins_are_named_before_any_frame() {
    // Adapter, predictor and coder 99, and a kind that this version does not know.
    for kind in 0..4 {
        let body = [0, 0, 100, 64, 0, 1, kind, 99, 1];
        let file = [&OPENING[..], &section(HEADER, &body)].concat();
        let what = unsupported(&file);
        let expected = ["adapter", "predictor", "coder", "kind 3"][usize::from(kind)];
        assert!(what.contains(expected), "{what}");
    }
    // A version that the plugin does not read.
    let file = [
        &OPENING[..],
        &section(HEADER, &[0, 0, 100, 64, 0, 1, 2, 1, 2]),
    ]
    .concat();
    assert!(unsupported(&file).contains("stream version 2"));
    // In a SOLO, which lists nothing.
    let frame = [0, 1, 0, 0, 99, 1, b'a'];
    let file = [&OPENING[..], &section(SOLO, &solo(0, &frame, b"a"))].concat();
    assert!(unsupported(&file).contains("coder plugin 99"));
}

#[test]
fn a_plugin_that_the_header_does_not_list_is_refused() {
    let header = section(HEADER, &[0, 0, 100, 64, 0, 0]);
    let file = member(&[header, section(FRAME, &stored(b"a"))], 0, b"a");
    assert!(format_error(&file).2.contains("does not list"));
}

#[test]
fn sections_have_an_order() {
    let header = section(HEADER, &header(1000, 64));
    let frame = section(FRAME, &stored(b"a"));
    let index = |offset: u64| section(INDEX, &[&varint(1), &varint(offset)[..]].concat());
    let behind_index = [frame.clone(), index(frame.len() as u64), frame.clone()];
    let two_indexes = [frame.clone(), index(frame.len() as u64), index(1)];
    for (sections, reason) in [
        (vec![frame.clone()], "must begin"),
        (vec![section(COMMENT, b"x")], "must begin"),
        (vec![header.clone(), header.clone()], "within a member"),
        (
            vec![header.clone(), section(SOLO, &solo(0, &stored(b""), b""))],
            "within a member",
        ),
        (
            [std::slice::from_ref(&header), &behind_index].concat(),
            "follows the index",
        ),
        (
            [std::slice::from_ref(&header), &two_indexes].concat(),
            "second index",
        ),
    ] {
        let file = [&OPENING[..], &sections.concat()].concat();
        let error = format_error(&file);
        assert!(error.2.contains(reason), "{error:?}");
    }
}

#[test]
fn an_index_must_be_right() {
    let header = section(HEADER, &header(1000, 64));
    let frames = [
        section(FRAME, &stored(b"ab")),
        section(FRAME, &stored(b"c")),
    ];
    let offset = (4 + header.len() + frames.concat().len()) as u64;
    let file = |entries: &[u64]| {
        let body: Vec<u8> = entries.iter().flat_map(|&n| varint(n)).collect();
        let mut sections = vec![header.clone()];
        sections.extend(frames.clone());
        sections.push(section(INDEX, &body));
        member(&sections, offset, b"abc")
    };
    let (first, second) = (frames[0].len() as u64, frames[1].len() as u64);
    assert_eq!(decompress(&file(&[2, first, 1, second])).unwrap(), b"abc");
    for wrong in [
        &[][..],
        &[2, first],
        &[1, first, 2, second],
        &[2, first + 1, 1, second - 1],
        &[2, first, 1, second, 1, 1],
    ] {
        assert_eq!(format_error(&file(wrong)).1, "index");
    }
}

#[test]
fn the_end_must_be_right() {
    let sections = [
        section(HEADER, &header(1000, 64)),
        section(FRAME, &stored(b"abc")),
    ]
    .concat();
    let length = 4 + sections.len() as u64 + END_LENGTH;
    let file = |end_body: &[u8]| [&OPENING[..], &sections, &section(END, end_body)].concat();
    assert_eq!(decompress(&file(&end(0, b"abc", length))).unwrap(), b"abc");
    for (body, what) in [
        (end(0, b"abc", length + 1), "member length"),
        (end(7, b"abc", length), "index offset"),
        (end(0, b"abcd", length), "content size"),
        (end(1 << 62, b"abc", length), "2^62"),
        (
            [end(0, b"abc", length), vec![0]].concat(),
            "follow the last field",
        ),
        (end(0, b"abc", length)[..27].to_vec(), "ends within"),
    ] {
        let error = format_error(&file(&body));
        assert_eq!((error.0 >= 4, error.1.as_str()), (true, "end"));
        assert!(error.2.contains(what), "{error:?}");
    }
    match decompress(&file(&end(0, b"abd", length))) {
        Err(Error::Integrity { section, what, .. }) => {
            assert_eq!(
                (section.as_str(), what.as_str()),
                ("end", "CRC-32 of the content")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_content_size_of_the_header_must_be_right() {
    for (claimed, offset_of_fault) in [(2, "frame 0"), (4, "end")] {
        let mut body = header(1000, 64);
        body[0] = 0b100;
        body.insert(2, claimed);
        let sections = [section(HEADER, &body), section(FRAME, &stored(b"abc"))];
        let error = format_error(&member(&sections, 0, b"abc"));
        assert_eq!(error.1, offset_of_fault);
    }
}

#[test]
fn frames_must_fit_the_block_size_and_must_not_be_empty() {
    let file = |block: &[u8]| {
        let sections = [
            section(HEADER, &header(2, 64)),
            section(FRAME, &stored(block)),
        ];
        member(&sections, 0, block)
    };
    assert_eq!(decompress(&file(b"ab")).unwrap(), b"ab");
    for block in [&b""[..], b"abc"] {
        assert!(format_error(&file(block)).2.contains("raw length"));
    }
}

#[test]
fn an_error_tells_frame_and_offset() {
    let good = section(FRAME, &stored(b"ab"));
    // Coder 1 with a payload that is too short, in the second frame.
    let bad = section(FRAME, &[0, 3, 0, 0, 1, 1, b'a', b'b']);
    let offset = (4 + section(HEADER, &header(1000, 64)).len() + good.len()) as u64;
    match decompress(&around(&[good, bad], b"ababc")) {
        Err(Error::Integrity {
            offset: at,
            section,
            what,
        }) => {
            assert_eq!((at, section.as_str()), (offset, "frame 1"));
            assert!(what.contains("payload"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn hostile_parameters_are_faults_of_the_file() {
    // Predictor 1 takes one byte of parameters, not two; adapter 2 takes `halves`.
    let predictor = [0, 1, 0, 1, 0x81, 2, 1, 1, 2, 1, 0];
    let adapter = [0, 1, 2, 0x81, 1, 7, 0, 1, 1, b'a'];
    for frame in [&predictor[..], &adapter] {
        let error = format_error(&around(&[section(FRAME, frame)], b"a"));
        assert_eq!(error.1, "frame 0");
        assert!(error.2.contains("plugin"), "{error:?}");
    }
}
