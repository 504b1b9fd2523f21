//! Valid files that this program's encoder does not write.

use super::payload::{order0_rans, uniform_rans};
use super::{Vector, good};
use crate::content::Kind;
use crate::stack::{encode, order0};
use crate::wire::{
    COMMENT, Header, INDEX, Member, frame, reference, shared, solo, solo_member, stored,
};

/// An ancillary section that no version knows.
const ANCILLARY: u8 = 0xe5;

pub(super) fn vectors() -> Vec<Vector> {
    [sections(), headers(), frames()].concat()
}

fn stored_blocks(header: &Header) -> Member {
    Member::new(header)
        .stored(b"first block, ")
        .stored(b"second")
}

const BLOCKS: &[u8] = b"first block, second";

fn sections() -> Vec<Vector> {
    let header = Header::default();
    vec![
        good(
            "no-index",
            "Two blocks without an INDEX.",
            BLOCKS,
            stored_blocks(&header).end(),
        ),
        good(
            "no-frames",
            "HEADER and END: the empty content without a SOLO.",
            b"",
            Member::new(&header).end(),
        ),
        good(
            "no-frames-index",
            "The empty content with an empty INDEX.",
            b"",
            Member::new(&header).index().end(),
        ),
        good(
            "comment",
            "A COMMENT behind the HEADER.",
            BLOCKS,
            Member::new(&header)
                .section(COMMENT, "Grüße from the tests\n".as_bytes())
                .stored(b"first block, ")
                .stored(b"second")
                .index()
                .end(),
        ),
        good(
            "comment-not-utf8",
            "A COMMENT that is not UTF-8 and has control characters: ignored, and not to reach a terminal.",
            BLOCKS,
            stored_blocks(&header)
                .section(COMMENT, b"\xff\x1b[31mred\x07")
                .index()
                .end(),
        ),
        good(
            "unknown-ancillary",
            "Ancillary sections that no version knows, in every place where they may stand.",
            BLOCKS,
            Member::new(&header)
                .section(ANCILLARY, b"behind the header")
                .stored(b"first block, ")
                .section(ANCILLARY, b"between frames")
                .stored(b"second")
                .section(ANCILLARY, b"")
                .section(0xff, b"before the index")
                .index()
                .section(ANCILLARY, b"behind the index")
                .end(),
        ),
        good(
            "unknown-ancillary-no-index",
            "Unknown ancillary sections between frames, and no INDEX.",
            BLOCKS,
            Member::new(&header)
                .stored(b"first block, ")
                .section(ANCILLARY, b"between frames")
                .stored(b"second")
                .section(ANCILLARY, b"before the end")
                .end(),
        ),
    ]
}

fn headers() -> Vec<Vector> {
    let header = Header::default();
    let all = vec![
        (2, 2, 1),
        (2, 1, 1),
        (1, 2, 1),
        (1, 1, 1),
        (0, 1, 1),
        (2, 1, 1),
    ];
    let with = |change: fn(&mut Header)| {
        let mut header = header.clone();
        change(&mut header);
        stored_blocks(&header).index().end()
    };
    vec![
        good(
            "unused-bits",
            "The unused bits 6 and 7 of the HEADER's flags are set: ignored.",
            BLOCKS,
            with(|header| header.flags = 0b1100_0000),
        ),
        good(
            "unknown-profile",
            "Profile 200: for people, and no decoder depends on it.",
            BLOCKS,
            with(|header| header.profile = 200),
        ),
        good(
            "plugins-unsorted",
            "The HEADER lists plugins that no frame uses, unsorted, one twice.",
            BLOCKS,
            stored_blocks(&Header {
                plugins: all,
                ..header.clone()
            })
            .index()
            .end(),
        ),
        good(
            "memory-exact",
            "The HEADER declares exactly the memory that the frame needs.",
            &[b'm'; 2728],
            Member::new(&Header {
                memory: 8,
                block: 2728,
                ..header.clone()
            })
            .stored(&[b'm'; 2728])
            .index()
            .end(),
        ),
        good(
            "largest-numbers",
            "Block size 2^32 and memory 2^40 KiB, the largest that may be declared.",
            BLOCKS,
            with(|header| (header.block, header.memory) = (1 << 32, 1 << 40)),
        ),
        good(
            "solo-profiles",
            "Four SOLO members, one for each profile, with memory declared above what is needed.",
            b"abcabcabcabc",
            (0..4u8)
                .flat_map(|p| solo_member(&solo(40 + p, &stored(b"abc"), b"abc", 0x80 | p << 2)))
                .collect(),
        ),
    ]
}

fn frames() -> Vec<Vector> {
    let text = Kind::Text.generate(400, 20);
    let n = text.len() as u64;
    let one = |predictor: &[u8], coder: &[u8], payload: &[u8]| {
        let body = frame(n, &[1, 1], predictor, coder, payload);
        solo_member(&solo(8, &body, &text, 0x80))
    };
    let without_adapter = frame(n, &[0], &[1, 1], &[2, 1], &order0_rans(&text));
    let seekable = encode(&text, order0(100));
    vec![
        good(
            "uniform-rans",
            "No predictor, coder `rans`: bytes under the uniform distribution.",
            &text,
            one(&[0], &[2, 1], &uniform_rans(&text)),
        ),
        good(
            "order0-stored",
            "Predictor `order0`, coder `stored`: the payload is the stream.",
            &text,
            one(&[1, 1], &[1, 1], &text),
        ),
        good(
            "cm-stored",
            "Predictor `cm`, coder `stored`: binary decisions make the same bytes.",
            &text,
            solo_member(&solo(
                120,
                &frame(n, &[1, 1], &reference(2, 1, &[1, 4]), &[1, 1], &text),
                &text,
                0x80,
            )),
        ),
        good(
            "rans-1-explicit",
            "Coder `rans` with one state, said in its parameters.",
            &text,
            one(&[1, 1], &reference(2, 1, &[1]), &order0_rans(&text)),
        ),
        good(
            "no-adapter",
            "No adapter: the block is the stream.",
            &text,
            solo_member(&solo(8, &without_adapter, &text, 0x80)),
        ),
        good(
            "parts",
            "Three adapters share a block of five segments: none, `exe` with two of them, and `bytes`.",
            &[&b"one "[..], &CALLS[..9], b"three ", &CALLS[9..], b"five"].concat(),
            parts(&reference(4, 1, &[1, 0, 0, 0, 0])),
        ),
        good(
            "parts-memory",
            "A block of parts counts twice in the memory, and fits exactly.",
            &[&b"first"[..], &[b'm'; 2543], b"last"].concat(),
            parts_memory(),
        ),
        good(
            "order0-empty",
            "An empty block with a predictor: a stream of no decisions.",
            b"",
            solo_member(&solo(
                1,
                &frame(0, &[1, 1], &[1, 1], &[2, 1], &[]),
                b"",
                0x80,
            )),
        ),
        good(
            "comment-before-end",
            "Four blocks, and a COMMENT between INDEX and END.",
            &text,
            comment_before_end(&seekable),
        ),
    ]
}

/// Two calls of one function, the first at byte 1 and the second at byte 10, as they are in a program.
const CALLS: [u8; 16] = *b"\x90\xe8\xfa\x0f\0\0\x90\x90\x90\x90\xe8\xf1\x0f\0\0\x90";
/// The same as adapter `exe` makes them: the function less the length of a call, most significant byte first.
const TARGETS: [u8; 16] = *b"\x90\xe8\0\x0f\xfb\0\x90\x90\x90\x90\xe8\0\x0f\xfb\0\x90";

fn parts(exe: &[u8]) -> Vec<u8> {
    let parts: [(&[u8], &[&[u8]]); 3] = [
        (&[0], &[b"one five"]),
        (exe, &[&TARGETS]),
        (&[1, 1], &[b"three "]),
    ];
    let segments = [(0, 4), (1, 9), (2, 6), (1, 7), (0, 4)];
    let content = [&b"one "[..], &CALLS[..9], b"three ", &CALLS[9..], b"five"].concat();
    let body = shared(30, &parts, &segments);
    solo_member(&solo(8, &body, &content, 0x80))
}

fn parts_memory() -> Vec<u8> {
    let middle = [b'm'; 2543];
    let content = [&b"first"[..], &middle, b"last"].concat();
    let n = content.len() as u64;
    let body = shared(
        n,
        &[(&[0], &[b"firstlast"]), (&[0], &[&middle])],
        &[(0, 5), (1, 2543), (0, 4)],
    );
    let header = Header {
        memory: (body.len() as u64 + 3 * n).div_ceil(1024),
        block: n,
        ..Header::default()
    };
    assert_eq!(body.len() as u64 + 3 * n, 1024 * header.memory);
    Member::new(&header).frame(&content, &body).index().end()
}

/// The file with a COMMENT between INDEX and END.
fn comment_before_end(file: &[u8]) -> Vec<u8> {
    let sections = crate::sections::sections(file);
    let [.., index, end] = &sections[..] else {
        panic!("an INDEX and an END were written");
    };
    assert_eq!(index.id, INDEX);
    let comment = crate::wire::section(COMMENT, b"the index stands before this");
    let mut out = [&file[..end.offset], &comment, &file[end.offset..]].concat();
    let length = (out.len() as u64).to_le_bytes();
    let tail = out.len() - 12;
    out[tail..tail + 8].copy_from_slice(&length);
    crate::sections::repair(&mut out);
    out
}
