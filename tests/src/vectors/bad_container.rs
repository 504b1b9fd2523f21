//! Faults of magic, length and the order of sections.

use super::{Vector, faulty};
use crate::stack::Fault::{self, Damaged, Malformed, Truncated};
use crate::wire::{
    COMMENT, END, FRAME, HEADER, Header, Member, OPENING, SOLO, check, section, solo, solo_member,
    stored,
};

pub(super) fn vectors() -> Vec<Vector> {
    [
        magic(),
        truncated(),
        behind(),
        order(),
        framing(),
        damaged(),
    ]
    .concat()
}

/// A SOLO of three bytes.
pub(super) fn small() -> Vec<u8> {
    solo_member(&solo(0, &stored(b"abc"), b"abc", 0x80))
}

/// HEADER, two frames, INDEX, END.
pub(super) fn blocks() -> Member {
    Member::new(&Header::default())
        .stored(b"first")
        .stored(b"second")
}

fn with(mut file: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    file[at] = byte;
    file
}

fn magic() -> Vec<Vector> {
    vec![
        faulty("magic-empty", Truncated, "An empty file.", vec![]),
        faulty(
            "magic-text",
            Malformed,
            "A text.",
            b"This is not a member.\n".to_vec(),
        ),
        faulty(
            "magic-wrong",
            Malformed,
            "`UMX` in place of `UMC`.",
            with(small(), 2, b'X'),
        ),
        faulty(
            "magic-ascii-version",
            Malformed,
            "A fourth byte below 0x80: a text that begins with `UMC`.",
            with(small(), 3, b'1'),
        ),
        faulty(
            "magic-zip",
            Malformed,
            "The first bytes of a zip file.",
            b"PK\x03\x04\x14\0\0\0".to_vec(),
        ),
    ]
}

fn truncated() -> Vec<Vector> {
    let file = blocks().index().end();
    let header = 4 + 2 + Header::default().body().len() + 4;
    let cut = |name, sentence, len: usize| faulty(name, Truncated, sentence, file[..len].to_vec());
    let solo = small();
    vec![
        cut("truncated-magic", "Two bytes of the magic.", 2),
        cut("truncated-opening", "Only magic and version.", 4),
        cut("truncated-section-id", "Only the id of a section.", 5),
        cut("truncated-header", "It ends within the HEADER.", 9),
        cut(
            "truncated-header-crc",
            "It ends within the CRC-32 of the HEADER.",
            header - 1,
        ),
        cut(
            "truncated-after-header",
            "Nothing follows the HEADER.",
            header,
        ),
        cut(
            "truncated-frame",
            "It ends within the first frame.",
            header + 6,
        ),
        cut("truncated-before-end", "There is no END.", file.len() - 34),
        cut("truncated-end", "It ends within the END.", file.len() - 6),
        faulty(
            "truncated-solo",
            Truncated,
            "It ends within the SOLO.",
            solo[..12].to_vec(),
        ),
        faulty(
            "truncated-last-byte",
            Truncated,
            "The last byte of a SOLO is missing.",
            solo[..solo.len() - 1].to_vec(),
        ),
        faulty(
            "truncated-second-member",
            Truncated,
            "A whole member, and the magic of another.",
            [&solo[..], &OPENING[..3]].concat(),
        ),
    ]
}

fn behind() -> Vec<Vector> {
    let behind = |name, sentence, what: &[u8]| {
        faulty(name, Malformed, sentence, [&small()[..], what].concat())
    };
    vec![
        behind(
            "trailing-zeros",
            "Sixteen zeros follow the member.",
            &[0; 16],
        ),
        behind(
            "trailing-newline",
            "A line break follows the member.",
            b"\n",
        ),
        behind("trailing-text", "A text follows the member.", b"and so on"),
        behind(
            "trailing-section",
            "A section follows the SOLO.",
            &section(COMMENT, b"hello"),
        ),
        faulty(
            "trailing-section-end",
            Malformed,
            "A section follows the END.",
            [blocks().index().end(), section(COMMENT, b"hello")].concat(),
        ),
    ]
}

fn order() -> Vec<Vector> {
    let begins = |name, sentence, id| {
        let file = [&OPENING[..], &section(id, &stored(b"abc"))].concat();
        faulty(name, Malformed, sentence, file)
    };
    let header = Header::default().body();
    let solo = solo(0, &stored(b"abc"), b"abc", 0x80);
    let bad = |name, sentence, file| faulty(name, Malformed, sentence, file);
    vec![
        begins(
            "order-frame-first",
            "The member begins with a FRAME.",
            FRAME,
        ),
        begins("order-end-first", "The member begins with an END.", END),
        begins(
            "order-comment-first",
            "The member begins with a COMMENT.",
            COMMENT,
        ),
        bad(
            "order-second-header",
            "A second HEADER.",
            blocks().section(HEADER, &header).end(),
        ),
        bad(
            "order-solo-within",
            "A SOLO behind the HEADER.",
            blocks().section(SOLO, &solo).end(),
        ),
        bad(
            "order-frame-after-index",
            "A FRAME behind the INDEX.",
            blocks().index().stored(b"third").end(),
        ),
        bad(
            "order-second-index",
            "A second INDEX.",
            blocks().index().index().end(),
        ),
    ]
}

fn framing() -> Vec<Vector> {
    let raw = |name, fault: Fault, sentence, bytes: &[u8]| {
        faulty(name, fault, sentence, [&OPENING[..], bytes].concat())
    };
    let claim = [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let header = section(
        HEADER,
        &Header {
            block: 1 << 32,
            ..Header::default()
        }
        .body(),
    );
    vec![
        raw(
            "length-fe",
            Malformed,
            "The length of a section begins with FE.",
            &[3, 0xfe, 0, 0],
        ),
        raw(
            "length-not-shortest",
            Malformed,
            "The length 12 of a section in three bytes.",
            &[3, 0xfb, 12, 0, 0, 0, 0],
        ),
        raw(
            "claim-solo",
            Malformed,
            "A SOLO that claims to have 2^60 - 1 bytes.",
            &[&[SOLO], &claim[..]].concat(),
        ),
        raw(
            "claim-solo-4g",
            Fault::TooLarge,
            "A SOLO that claims to have 2^32 bytes, more than the memory allowed.",
            &[SOLO, 0xfd, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3],
        ),
        raw(
            "claim-solo-1g",
            Truncated,
            "A SOLO that claims to have 2^30 bytes, of which three are there.",
            &[SOLO, 0xfc, 0, 0, 0, 0x40, 1, 2, 3],
        ),
        raw(
            "claim-header",
            Malformed,
            "A HEADER that claims to have 2^60 - 1 bytes.",
            &[&[HEADER], &claim[..]].concat(),
        ),
        raw(
            "claim-frame",
            Malformed,
            "A FRAME that claims to have 2^60 - 1 bytes.",
            &[&header, &[FRAME][..], &claim].concat(),
        ),
        raw(
            "claim-comment",
            Truncated,
            "A COMMENT that claims to have 2^60 - 1 bytes: any length is allowed, but they must follow.",
            &[&header, &[COMMENT][..], &claim].concat(),
        ),
        raw(
            "claim-end",
            Malformed,
            "An END that claims to have 2^60 - 1 bytes.",
            &[&header, &[END][..], &claim].concat(),
        ),
    ]
}

fn damaged() -> Vec<Vector> {
    let file = blocks().section(0xe5, b"unknown").index().end();
    let sections = crate::sections::sections(&file);
    let names = [
        ("crc-header", "A wrong CRC-32 of the HEADER."),
        ("crc-first-frame", "A wrong CRC-32 of the first FRAME."),
        ("crc-second-frame", "A wrong CRC-32 of the second FRAME."),
        (
            "crc-unknown",
            "A wrong CRC-32 of an unknown ancillary section.",
        ),
        ("crc-index", "A wrong CRC-32 of the INDEX."),
        ("crc-end", "A wrong CRC-32 of the END."),
    ];
    let mut all: Vec<Vector> = names
        .iter()
        .zip(&sections)
        .map(|(&(name, sentence), section)| {
            let at = section.body.end;
            faulty(name, Damaged, sentence, with(file.clone(), at, !file[at]))
        })
        .collect();
    let content = |name, sentence, kind: u8| {
        let wrong = check(kind, b"abd");
        let body = [&[0], &stored(b"abc")[..], &wrong, &[0x80 | kind]].concat();
        faulty(name, Damaged, sentence, solo_member(&body))
    };
    let framed = blocks().index().end_with(|end| end.check[0] ^= 1);
    all.extend([
        content(
            "content-crc32",
            "The content check CRC-32 does not match.",
            0,
        ),
        content(
            "content-blake3-128",
            "The content check BLAKE3-128 does not match.",
            1,
        ),
        content(
            "content-blake3-256",
            "The content check BLAKE3-256 does not match.",
            2,
        ),
        faulty(
            "content-of-blocks",
            Damaged,
            "The content check in END does not match.",
            framed,
        ),
    ]);
    all
}
