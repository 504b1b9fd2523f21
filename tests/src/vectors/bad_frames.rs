//! Faults of frames and of what they ask for.

use super::{Vector, faulty};
use crate::stack::Fault::{self, Damaged, Malformed, TooLarge};
use crate::wire::{Header, Member, frame, reference, shared, solo, solo_member, stored};

pub(super) fn vectors() -> Vec<Vector> {
    [
        heads(),
        parts(),
        references(),
        streams(),
        members(),
        memory(),
    ]
    .concat()
}

/// In a SOLO that declares 256 MiB.
pub(super) fn of(name: &'static str, fault: Fault, sentence: &'static str, frame: &[u8]) -> Vector {
    faulty(
        name,
        fault,
        sentence,
        solo_member(&solo(120, frame, b"abc", 0x80)),
    )
}

fn heads() -> Vec<Vector> {
    let bad = |name, sentence, frame: &[u8]| of(name, Malformed, sentence, frame);
    let good = stored(b"abc");
    let flags = |flags: u8| [&[flags], &good[1..]].concat();
    vec![
        bad(
            "frame-reserved-5",
            "Reserved bit 5 of the flags.",
            &flags(1 << 5),
        ),
        bad(
            "frame-reserved-6",
            "Reserved bit 6 of the flags.",
            &flags(1 << 6),
        ),
        bad(
            "frame-reserved-7",
            "Reserved bit 7 of the flags.",
            &flags(1 << 7),
        ),
        bad("frame-empty", "A frame of no bytes.", b""),
        bad(
            "frame-short-head",
            "The head ends before the coder.",
            &good[..4],
        ),
        bad(
            "frame-raw-large",
            "A raw length of 2^32 + 1.",
            &[0, 0xfd, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1],
        ),
        bad(
            "frame-raw-not-shortest",
            "The raw length 3 in three bytes.",
            &[0, 0xfb, 3, 0, 0, 0, 1, 1, 1, 2, 3],
        ),
        bad(
            "frame-lanes-0",
            "No lanes.",
            &[2, 3, 0, 0, 1, 0, 1, 1, b'a', b'b', b'c'],
        ),
        bad(
            "frame-segment-0",
            "Lanes of no bytes.",
            &[2, 3, 0, 1, 0, 0, 1, 1, b'a', b'b', b'c'],
        ),
        bad(
            "frame-models-0",
            "A list of no models.",
            &[4, 3, 0, 0, 0, 1, 1, b'a', b'b', b'c'],
        ),
        bad(
            "frame-models-17",
            "A list of 17 models.",
            &[&[4, 3, 0, 17][..], &[9; 17 * 32], &[0, 1, 1, b'a']].concat(),
        ),
    ]
}

fn parts() -> Vec<Vector> {
    let bad = |name, sentence, frame: &[u8]| of(name, Malformed, sentence, frame);
    let of_parts =
        |segments: &[(u64, u64)]| shared(3, &[(&[0], &[b"ac"]), (&[0], &[b"b"])], segments);
    let good = of_parts(&[(0, 1), (1, 1), (0, 1)]);
    vec![
        bad(
            "parts-one-stream",
            "Several parts by the flags, and one stream.",
            &[&[0b1_0000], &good[1..]].concat(),
        ),
        bad(
            "parts-1",
            "A list of one part.",
            &shared(3, &[(&[0], &[b"abc"])], &[(0, 1), (0, 2)]),
        ),
        bad(
            "parts-65",
            "A list of 65 parts.",
            &[&[0b1_0001, 3, 65][..], &[0, 1].repeat(65)].concat(),
        ),
        bad(
            "parts-many-streams",
            "Two parts with 257 streams together.",
            &[0b1_0001, 3, 2, 0, 1, 1, 1, 0xfb, 0, 1, 2, 0, 1, 1, 2],
        ),
        bad(
            "parts-one-segment",
            "One segment for two parts.",
            &of_parts(&[(0, 3)]),
        ),
        bad(
            "parts-without",
            "The second part has no segment.",
            &of_parts(&[(0, 2), (0, 1)]),
        ),
        bad(
            "parts-order",
            "The second part comes first.",
            &of_parts(&[(1, 1), (0, 2)]),
        ),
        bad(
            "parts-neighbours",
            "Two segments of one part follow one another.",
            &of_parts(&[(0, 1), (0, 1), (1, 1)]),
        ),
        bad(
            "parts-segment-0",
            "A segment of no bytes.",
            &of_parts(&[(0, 2), (1, 0), (0, 1), (1, 1)]),
        ),
        bad(
            "parts-number",
            "A segment of a part that is not there.",
            &of_parts(&[(0, 1), (1, 1), (2, 1)]),
        ),
        bad(
            "parts-sum",
            "The segments are shorter than the block.",
            &of_parts(&[(0, 1), (1, 1)]),
        ),
        bad(
            "parts-stream",
            "A part without an adapter whose stream has another length.",
            &of_parts(&[(0, 1), (1, 2)]),
        ),
        bad(
            "parts-streams",
            "A part without an adapter that has two streams.",
            &shared(
                3,
                &[(&[0], &[b"a", b"c"]), (&[0], &[b"b"])],
                &[(0, 1), (1, 1), (0, 1)],
            ),
        ),
    ]
}

fn references() -> Vec<Vector> {
    let bad = |name, sentence, adapter: &[u8], predictor: &[u8], coder: &[u8]| {
        of(
            name,
            Malformed,
            sentence,
            &frame(3, adapter, predictor, coder, b"abc"),
        )
    };
    vec![
        bad("plugin-no-coder", "No coder.", &[0], &[0], &[0]),
        bad("plugin-version-0", "Stream version 0.", &[0], &[0], &[1, 0]),
        bad(
            "plugin-version-0-params",
            "Stream version 0 with parameters.",
            &[0],
            &[0],
            &[1, 0x80, 1, 1],
        ),
        bad(
            "plugin-params-0",
            "Parameters of no bytes.",
            &[0],
            &[0],
            &[1, 0x81, 0],
        ),
        bad(
            "plugin-params-long",
            "Parameters of 65537 bytes.",
            &[0],
            &[0],
            &reference(1, 1, &[7; 65_537]),
        ),
        bad(
            "plugin-params-short",
            "Parameters that go on behind the frame.",
            &[0],
            &[0],
            &[1, 0x81, 200],
        ),
        bad(
            "plugin-id-not-shortest",
            "The id 1 in three bytes.",
            &[0],
            &[0],
            &[0xfb, 1, 0, 1],
        ),
    ]
}

fn streams() -> Vec<Vector> {
    let bad = |name, sentence, frame: &[u8]| of(name, Malformed, sentence, frame);
    let two = |head: &[u8], first: u8, second: u8| {
        let streams = [1, 0, 1, 1, first, 2, 0, 1, 1, second];
        [head, &streams, b"abc"].concat()
    };
    vec![
        bad(
            "streams-length-repeated",
            "Bit 3 of the flags, but the length is that of the block.",
            &[8, 3, 1, 1, 3, 0, 1, 1, b'a', b'b', b'c'],
        ),
        bad(
            "streams-both-bits",
            "Bit 0 and bit 3 of the flags.",
            &two(&[9, 3, 1, 1, 2], 1, 2),
        ),
        bad(
            "streams-count-1",
            "Several streams, but only one.",
            &[1, 3, 1, 1, 1, 3, 0, 1, 1, 3, b'a', b'b', b'c'],
        ),
        bad(
            "streams-count-257",
            "A count of 257 streams.",
            &[1, 3, 1, 1, 0xfb, 1, 1],
        ),
        bad(
            "streams-payload-short",
            "The payloads end before the frame.",
            &two(&[1, 3, 1, 1, 2], 1, 1),
        ),
        bad(
            "streams-payload-long",
            "The payloads end behind the frame.",
            &two(&[1, 3, 1, 1, 2], 1, 3),
        ),
        bad(
            "streams-no-adapter",
            "Two streams, but no adapter that could join them.",
            &two(&[1, 3, 0, 2], 1, 2),
        ),
        bad(
            "streams-other-length",
            "No adapter, but a stream of another length.",
            &[8, 3, 0, 4, 0, 1, 1, b'a', b'b', b'c', b'd'],
        ),
        bad(
            "streams-for-bytes",
            "Two streams for adapter `bytes`, which has one.",
            &two(&[1, 3, 1, 1, 2], 1, 2),
        ),
        bad(
            "streams-length-for-bytes",
            "Adapter `bytes` with a stream that is not as long as the block.",
            &[8, 3, 1, 1, 4, 0, 1, 1, b'a', b'b', b'c', b'd'],
        ),
    ]
}

fn members() -> Vec<Vector> {
    let header = Header::default();
    let member =
        |header: &Header, body: &[u8]| Member::new(header).frame(b"abc", body).index().end();
    let bad = |name, sentence, header: &Header, body: &[u8]| {
        faulty(name, Malformed, sentence, member(header, body))
    };
    let order0 = frame(3, &[0], &[1, 1], &[1, 1], b"abc");
    vec![
        bad(
            "frame-raw-0",
            "A FRAME of no raw bytes.",
            &header,
            &stored(b""),
        ),
        bad(
            "frame-not-listed",
            "A predictor that the HEADER does not list.",
            &header,
            &order0,
        ),
        bad(
            "frame-other-version-listed",
            "The HEADER lists the coder's id under another kind only.",
            &Header {
                plugins: vec![(0, 1, 1), (1, 1, 1)],
                ..header.clone()
            },
            &stored(b"abc"),
        ),
        faulty(
            "frame-raw-other",
            Damaged,
            "A raw length that is not that of the payload: the coder `stored` must use up all of it.",
            Member::new(&header)
                .frame(b"ab", &frame(2, &[0], &[0], &[1, 1], b"abc"))
                .index()
                .end(),
        ),
    ]
}

fn memory() -> Vec<Vector> {
    let large = frame(1 << 32, &[0], &[0], &[2, 1], &[1]);
    let text = vec![b'm'; 2729];
    let header = Header {
        block: 1 << 32,
        memory: 8,
        ..Header::default()
    };
    let rich = Header {
        memory: 1 << 40,
        plugins: vec![(1, 2, 1), (2, 2, 1)],
        ..header.clone()
    };
    // 15 << 22 lines of 64 bytes: 3.75 GiB.
    let table = frame(3, &[0], &reference(2, 1, &[1, 0xe0 | 22]), &[2, 1], b"abcd");
    vec![
        faulty(
            "memory-undeclared",
            Malformed,
            "A frame that needs one byte more than the HEADER declares.",
            Member::new(&header).stored(&text).index().end(),
        ),
        faulty(
            "memory-undeclared-solo",
            Malformed,
            "A SOLO that declares 8 KiB and needs more.",
            solo_member(&solo(0, &stored(&text), &text, 0x80)),
        ),
        faulty(
            "memory-block",
            TooLarge,
            "A frame that claims 2^32 raw bytes, more than the memory allowed.",
            solo_member(&solo(255, &large, b"", 0x80)),
        ),
        faulty(
            "memory-table",
            TooLarge,
            "A frame whose predictor `cm` needs a table of 3.75 GiB, more than the memory allowed.",
            Member::new(&rich).frame(b"abc", &table).index().end(),
        ),
        faulty(
            "claim-block",
            Damaged,
            "A frame that claims 2^29 raw bytes, with a payload that ends at once.",
            solo_member(&solo(
                255,
                &frame(1 << 29, &[0], &[0], &[2, 1], &[1, 2, 3]),
                b"",
                0x80,
            )),
        ),
    ]
}
