//! Faults within HEADER, SOLO, INDEX and END.

use super::bad_container::blocks;
use super::{Vector, faulty};
use crate::stack::Fault::{Malformed, Truncated};
use crate::wire::{HEADER, Header, Member, OPENING, section, solo, solo_member, stored, varint};

pub(super) fn vectors() -> Vec<Vector> {
    [
        header_fields(),
        header_bytes(),
        sizes(),
        solos(),
        indexes(),
        ends(),
    ]
    .concat()
}

fn bad(name: &'static str, sentence: &'static str, file: Vec<u8>) -> Vector {
    faulty(name, Malformed, sentence, file)
}

fn with_header(header: &Header) -> Vec<u8> {
    Member::new(header)
        .stored(b"first")
        .stored(b"second")
        .index()
        .end()
}

fn header_fields() -> Vec<Vector> {
    let with = |name, sentence, change: fn(&mut Header)| {
        let mut header = Header::default();
        change(&mut header);
        bad(name, sentence, with_header(&header))
    };
    vec![
        with("header-reserved-3", "Reserved bit 3 of the flags.", |h| {
            h.flags = 1 << 3;
        }),
        with("header-reserved-4", "Reserved bit 4 of the flags.", |h| {
            h.flags = 1 << 4;
        }),
        with("header-reserved-5", "Reserved bit 5 of the flags.", |h| {
            h.flags = 1 << 5;
        }),
        with("header-check-3", "The reserved kind of check.", |h| {
            h.flags = 3;
        }),
        with("header-size-2-62", "A content size of 2^62.", |h| {
            h.size = Some(1 << 62);
        }),
        with("header-block-0", "A block size of 0.", |h| h.block = 0),
        with("header-block-large", "A block size of 2^32 + 1.", |h| {
            h.block = (1 << 32) + 1;
        }),
        with("header-memory-large", "A memory of 2^40 + 1 KiB.", |h| {
            h.memory = (1 << 40) + 1;
        }),
    ]
}

fn header_bytes() -> Vec<Vector> {
    let body = Header::default().body();
    let raw = |name, sentence, body: &[u8]| {
        let file = [&OPENING[..], &section(HEADER, body)].concat();
        bad(name, sentence, file)
    };
    let list = |models: u64, plugins: u64| {
        let counts = [varint(models), varint(plugins)].concat();
        [&[0, 0, 100, 64], &counts[..]].concat()
    };
    vec![
        raw("header-empty", "A HEADER without a body.", b""),
        raw(
            "header-short",
            "The HEADER ends within its list of plugins.",
            &body[..body.len() - 1],
        ),
        raw(
            "header-long",
            "A byte follows the last field of the HEADER.",
            &[&body[..], &[0]].concat(),
        ),
        raw(
            "header-not-shortest",
            "The block size 5 in three bytes.",
            &[0, 0, 0xfb, 5, 0, 64, 0, 0],
        ),
        raw(
            "header-many-models",
            "A list of 2^60 models.",
            &list(1 << 60, 0),
        ),
        raw(
            "header-many-plugins",
            "A list of 2^60 plugins.",
            &list(0, 1 << 60),
        ),
        faulty(
            "header-too-long",
            Malformed,
            "A HEADER of 65537 bytes.",
            [&OPENING[..], &section(HEADER, &vec![0; 65_537])].concat(),
        ),
    ]
}

fn sizes() -> Vec<Vector> {
    let header = |size| Header {
        size: Some(size),
        ..Header::default()
    };
    let large = Header {
        block: 5,
        ..Header::default()
    };
    vec![
        bad(
            "size-too-small",
            "The frames hold more than the content size.",
            with_header(&header(10)),
        ),
        bad(
            "size-too-large",
            "The frames hold less than the content size.",
            with_header(&header(12)),
        ),
        bad(
            "size-above-block",
            "A frame of more than the block size.",
            with_header(&large),
        ),
        faulty(
            "size-no-end",
            Truncated,
            "All of the content, but no END.",
            Member::new(&header(5))
                .stored(b"first")
                .index()
                .unfinished(),
        ),
    ]
}

fn solos() -> Vec<Vector> {
    let flags = |name, sentence, flags: u8| {
        bad(
            name,
            sentence,
            solo_member(&solo(0, &stored(b"abc"), b"abc", flags)),
        )
    };
    let body = |name, sentence, body: &[u8]| bad(name, sentence, solo_member(body));
    vec![
        flags("solo-bit-7", "Bit 7 of the flags is clear.", 0),
        flags("solo-reserved-4", "Reserved bit 4 of the flags.", 0x90),
        flags("solo-reserved-5", "Reserved bit 5 of the flags.", 0xa0),
        flags("solo-reserved-6", "Reserved bit 6 of the flags.", 0xc0),
        flags("solo-check-3", "The reserved kind of check.", 0x83),
        body("solo-empty", "A SOLO without a body.", b""),
        body(
            "solo-only-flags",
            "A SOLO whose body is its flags.",
            &[0x80],
        ),
        body(
            "solo-no-frame",
            "A SOLO without a frame.",
            &[0, 0, 0, 0, 0, 0x80],
        ),
        body(
            "solo-short-check",
            "A SOLO shorter than its check.",
            &[0, 0, 0x82],
        ),
    ]
}

fn indexes() -> Vec<Vector> {
    let entries = blocks().entries();
    let with = |name, sentence, entries: &[(u64, u64)]| {
        bad(name, sentence, blocks().index_of(entries).end())
    };
    let [first, second] = entries[..] else {
        panic!("there are two frames");
    };
    vec![
        with(
            "index-distance",
            "A wrong distance.",
            &[(first.0, first.1 + 1), second],
        ),
        with(
            "index-raw-length",
            "A wrong raw length.",
            &[(first.0 + 1, first.1), second],
        ),
        with(
            "index-swapped",
            "The entries are swapped.",
            &[second, first],
        ),
        with("index-missing-entry", "An entry is missing.", &[second]),
        with(
            "index-extra-entry",
            "An entry too many.",
            &[first, second, second],
        ),
        with("index-empty", "No entries, though there are frames.", &[]),
        with(
            "index-large",
            "A distance of 2^62 - 1.",
            &[(first.0, (1 << 62) - 1), second],
        ),
        bad(
            "index-half-entry",
            "It ends within an entry.",
            blocks()
                .section(crate::wire::INDEX, &[5])
                .end_with(|end| end.index = 50),
        ),
    ]
}

fn ends() -> Vec<Vector> {
    let with = |name, sentence, change: fn(&mut crate::wire::End)| {
        bad(name, sentence, blocks().index().end_with(change))
    };
    vec![
        with("end-size", "A wrong content size.", |end| end.size += 1),
        with("end-index", "A wrong offset of the INDEX.", |end| {
            end.index += 1;
        }),
        with(
            "end-no-index",
            "The offset 0, though there is an INDEX.",
            |end| end.index = 0,
        ),
        with("end-length", "A wrong length of the member.", |end| {
            end.length -= 1;
        }),
        with("end-length-0", "The member length 0.", |end| end.length = 0),
        with("end-length-2-62", "A member length of 2^62.", |end| {
            end.length |= 1 << 62;
        }),
        with(
            "end-length-solo",
            "A member length that looks like a SOLO from behind.",
            |end| {
                end.length |= 1 << 63;
            },
        ),
        with(
            "end-other-check",
            "BLAKE3-128, where the HEADER says CRC-32.",
            |end| {
                end.check = crate::wire::check(1, b"firstsecond");
                end.length += 12;
            },
        ),
        with("end-short", "A check of three bytes.", |end| {
            end.check.pop();
            end.length -= 1;
        }),
        bad(
            "end-index-without",
            "An offset of an INDEX that is not there.",
            blocks().end_with(|end| end.index = 20),
        ),
    ]
}
