//! What inspection says of files of every form, for review.

use std::fs;

use umoec_codec::pipeline::inspect;
use umoec_tests::vectors::{folder, manifest};

/// Vectors that neither a tuned profile nor a new model of `cm` changes.
const FILES: [&str; 8] = [
    "empty",
    "solo-stored",
    "blocks-one-stored",
    "unknown-length",
    "concatenated-solos",
    "comment",
    "unknown-ancillary",
    "rans-4",
];

#[test]
fn inspection_of_vectors() {
    for name in FILES {
        let file = fs::read(folder().join(format!("good/{name}.umc"))).unwrap();
        let report = inspect(&file[..]).unwrap();
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!(format!("inspect-{name}"), report);
        });
    }
}

/// Sections follow one another without a gap, and frames add up, in every good vector.
#[test]
fn what_inspection_says_adds_up() {
    for entry in manifest::read().values() {
        let Some(content_length) = entry.content_length else {
            continue;
        };
        let path = &entry.path;
        let file = fs::read(folder().join(path)).unwrap();
        let report = inspect(&file[..]).unwrap();
        let (mut offset, mut content) = (0, 0);
        for member in &report.members {
            assert_eq!(member.offset, offset, "{path}");
            offset += 4;
            for section in &member.sections {
                assert_eq!(section.offset, offset, "{path}");
                assert!(
                    section.crc_ok && section.length > section.body_length,
                    "{path}"
                );
                offset += section.length;
            }
            assert_eq!(member.length, offset - member.offset, "{path}");
            for frame in &member.frames {
                assert_eq!(frame.content_offset, content, "{path}");
                content += frame.raw_length;
                let payloads: u64 = frame.streams.iter().map(|s| s.payload_length).sum();
                assert!(payloads < frame.length, "{path}");
            }
            // One of the two forms.
            assert_ne!(member.header.is_some(), member.solo.is_some(), "{path}");
            assert_eq!(member.header.is_some(), member.end.is_some(), "{path}");
        }
        assert_eq!((offset, content), (report.size, content_length), "{path}");
        assert_eq!(report.size, file.len() as u64, "{path}");
    }
}
