use umoec_codec::Error;
use umoec_codec::pipeline::{EncodeOptions, compress as compress_with, inspect};

use crate::bytes::*;
use crate::plugins::{compress, profile, registry};
use crate::round_trip::content;

#[test]
fn a_framed_member_is_described() {
    let file = compress(&content(250), 100);
    let report = inspect(&file[..]).unwrap();
    assert_eq!((report.size, report.content_size), (file.len() as u64, 250));
    assert!(report.intact);
    let [member] = &report.members[..] else {
        panic!("{} members", report.members.len());
    };
    assert_eq!(
        (member.offset, member.length, member.version),
        (0, report.size, 1)
    );
    let header = member.header.as_ref().unwrap();
    assert_eq!((header.profile, header.content_size), (2, Some(250)));
    assert_eq!((header.block_size, header.memory), (84, 64 << 20));
    let needs: Vec<_> = header
        .plugins
        .iter()
        .map(|n| (n.kind.as_str(), n.id))
        .collect();
    assert_eq!(
        needs,
        [("adapter", 1), ("predictor", 1), ("coder", 1), ("coder", 2)]
    );
    let end = member.end.as_ref().unwrap();
    assert_eq!((end.content_size, end.member_length), (250, report.size));
    assert_eq!(end.content_check.len(), 8);
    // Sections follow one another without a gap.
    let mut offset = 4;
    for section in &member.sections {
        assert_eq!(section.offset, offset);
        offset += section.length;
    }
    assert_eq!(offset, report.size);
    let index = member.sections.iter().find(|s| s.name == "index").unwrap();
    assert_eq!((index.offset, index.critical), (end.index_offset, false));
    let starts: Vec<_> = member.frames.iter().map(|f| f.content_offset).collect();
    assert_eq!(starts, [0, 84, 168]);
    let stream = &member.frames[0].streams[0];
    assert_eq!((stream.length, stream.coder.id), (84, 2));
    assert_eq!(stream.predictor.as_ref().unwrap().params, "01");
}

#[test]
fn a_solo_and_several_streams_are_described() {
    let options = EncodeOptions::new(profile("halves", "bits", 1000));
    let file = compress_with(&content(300), &registry(), &options).unwrap();
    let member = &inspect(&file[..]).unwrap().members[0];
    let solo = member.solo.as_ref().unwrap();
    assert_eq!((solo.profile, solo.memory), (2, 8192));
    let frame = &member.frames[0];
    assert_eq!(frame.adapter.as_ref().unwrap().params, "68616c766573");
    assert_eq!((frame.raw_length, frame.streams.len()), (300, 3));
    let payloads: u64 = frame.streams.iter().map(|s| s.payload_length).sum();
    assert!(payloads < frame.length);
}

#[test]
fn damage_is_shown_and_the_rest_is_still_read() {
    let mut file = compress(&content(250), 100);
    let frame = inspect(&file[..]).unwrap().members[0].frames[1].clone();
    file[(frame.offset + 20) as usize] ^= 1;
    let report = inspect(&file[..]).unwrap();
    assert!(!report.intact);
    let damaged: Vec<_> = report.members[0]
        .sections
        .iter()
        .filter(|s| !s.crc_ok)
        .map(|s| s.offset)
        .collect();
    assert_eq!(damaged, [frame.offset]);
    assert_eq!(report.members[0].frames.len(), 2);
    assert!(report.members[0].end.is_some());
}

#[test]
fn what_is_not_known_is_listed() {
    let sections = [
        section(HEADER, &header(1000, 64)),
        section(0x33, b"critical"),
        section(0xb3, b"ancillary"),
        section(COMMENT, "für Leute".as_bytes()),
    ];
    let file = [&member(&sections, 0, b"")[..], &stored_member(&[b"x"])].concat();
    let report = inspect(&file[..]).unwrap();
    assert_eq!(report.members.len(), 2);
    let names: Vec<_> = report.members[0].sections.iter().map(|s| s.name).collect();
    assert_eq!(
        names,
        [
            "header",
            "unknown critical section",
            "unknown ancillary section",
            "comment",
            "end"
        ]
    );
    assert_eq!(
        report.members[0].sections[3].text.as_deref(),
        Some("für Leute")
    );
}

#[test]
fn lanes_and_models_are_shown() {
    let frame = [&[6, 1, 0, 4, 8, 1][..], &[7; 32], &[0, 1, 1], b"a"].concat();
    let sections = [section(HEADER, &header(1000, 64)), section(FRAME, &frame)];
    let report = inspect(&member(&sections, 0, b"a")[..]).unwrap();
    let frame = &report.members[0].frames[0];
    assert_eq!(
        frame.lanes.as_ref().map(|l| (l.count, l.segment)),
        Some((4, 8))
    );
    assert_eq!(frame.models, ["07".repeat(32)]);
}

#[test]
fn what_cannot_be_followed_is_an_error() {
    assert!(matches!(inspect(&b""[..]), Err(Error::Truncated { .. })));
    assert!(matches!(inspect(&b"text"[..]), Err(Error::Format { .. })));
    let file = compress(&content(250), 100);
    for end in 0..file.len() {
        assert!(
            matches!(inspect(&file[..end]), Err(Error::Truncated { .. })),
            "{end}"
        );
    }
    let long = [&OPENING[..], &[FRAME], &varint(u64::MAX)].concat();
    assert!(matches!(inspect(&long[..]), Err(Error::Format { .. })));
}
