//! Truncation at every byte, every single flipped bit, with and without a CRC-32 that was made to
//! match: the right error, with offset and section, or the same content.

use std::ops::Range;

use umoec_codec::Error;
use umoec_codec::pipeline::{DecodeOptions, inspect};
use umoec_tests::content::Kind;
use umoec_tests::sections::{Section, repair, sections};
use umoec_tests::stack::{Fault, decode, decode_by_index, encode, encode_stream, fixed, order0};
use umoec_tests::wire::{FRAME, HEADER, SOLO};

/// A small file, and whether each bit of its frames counts.
struct Case {
    name: &'static str,
    file: Vec<u8>,
    content: Vec<u8>,
    /// Parameters of `cm` such as the size of its table need not show in a small content.
    strict: bool,
}

fn cases() -> Vec<Case> {
    let text = Kind::Text.generate(150, 1);
    let records = Kind::Records.generate(60, 2);
    let noise = Kind::Noise.generate(20, 3);
    let cm = || {
        fixed(
            1 << 20,
            ("cm", "models = [\"record\"]\ntable_mib = 1"),
            ("rans", ""),
        )
    };
    let two = [encode(&text, order0(100)), encode(&noise, order0(100))].concat();
    let case = |name, file, content: &[u8], strict| Case {
        name,
        file,
        content: content.to_vec(),
        strict,
    };
    vec![
        case("solo", encode(&text, order0(1000)), &text, true),
        case("stored solo", encode(&noise, order0(1000)), &noise, true),
        case("blocks", encode(&text, order0(60)), &text, true),
        case(
            "unknown length",
            encode_stream(&text, order0(60), 10),
            &text,
            true,
        ),
        case("members", two, &[text.clone(), noise].concat(), true),
        case("cm", encode(&records, cm()), &records, false),
    ]
}

fn outcome(file: &[u8], threads: usize) -> Result<Vec<u8>, Error> {
    let options = DecodeOptions {
        threads,
        ..DecodeOptions::default()
    };
    umoec_codec::pipeline::decompress(file, &umoec_tests::stack::registry(), &options)
}

/// The offset and section that an error names, where its kind has them.
fn place(error: &Error) -> Option<(u64, &str)> {
    match error {
        Error::Format {
            offset, section, ..
        }
        | Error::Truncated { offset, section }
        | Error::Integrity {
            offset, section, ..
        } => Some((*offset, section)),
        _ => None,
    }
}

#[test]
fn truncation_at_every_byte() {
    for Case { name, file, .. } in cases() {
        let members: Vec<usize> = member_ends(&file);
        for end in 0..file.len() {
            let cut = &file[..end];
            if members.contains(&end) {
                assert!(decode(cut).is_ok(), "{name}: a whole member of {end} bytes");
                continue;
            }
            let error = decode(cut).expect_err(name);
            assert!(
                matches!(error, Error::Truncated { .. }),
                "{name}, {end}: {error}"
            );
            let (offset, section) = place(&error).unwrap();
            assert_eq!(offset, end as u64, "{name}: {error}");
            assert!(!section.is_empty());
            let inspection = inspect(cut).expect_err(name);
            assert!(
                matches!(inspection, Error::Truncated { .. }),
                "{name}: {inspection}"
            );
            // From the end there is nothing that could be followed, whatever it looks like.
            let by_index = decode_by_index(cut, DecodeOptions::default()).expect_err(name);
            assert!(
                Fault::of(&by_index).is_some(),
                "{name}, {end}: {by_index:?}"
            );
        }
    }
}

/// Where members end.
fn member_ends(file: &[u8]) -> Vec<usize> {
    let sections = sections(file);
    let ends = sections
        .windows(2)
        .filter(|pair| pair[1].offset != pair[0].end())
        .map(|pair| pair[0].end());
    ends.collect()
}

/// The section whose body or CRC holds the byte.
fn covering(sections: &[Section], at: usize) -> Option<&Section> {
    sections
        .iter()
        .find(|s| (s.body.start..s.end()).contains(&at))
}

#[test]
fn every_flipped_bit() {
    for Case { name, file, .. } in cases() {
        let sections = sections(&file);
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            for threads in [1, 2] {
                let error = outcome(&damaged, threads).expect_err(name);
                let fault = Fault::of(&error);
                assert!(fault.is_some(), "{name}, bit {bit}: {error:?}");
                if let Some((offset, section)) = place(&error) {
                    assert!(
                        offset <= file.len() as u64 && !section.is_empty(),
                        "{name}: {error}"
                    );
                }
                let Some(section) = covering(&sections, bit / 8) else {
                    continue;
                };
                // Within a body nothing is believed before its CRC was compared.
                assert_eq!(fault, Some(Fault::Damaged), "{name}, bit {bit}: {error}");
                assert_eq!(
                    place(&error).unwrap().0,
                    section.offset as u64,
                    "{name}, bit {bit}"
                );
            }
        }
    }
}

/// Bytes that may change without a change of the content: those for people, the unused bits,
/// and what may be declared larger than it is.
fn free(file: &[u8]) -> Vec<Range<usize>> {
    let mut free = Vec::new();
    for section in sections(file) {
        match section.id {
            // Of a HEADER only the content size and the kind of check say what must be true.
            HEADER => free.push(section.body),
            SOLO => {
                free.push(section.body.start..section.body.start + 1);
                free.push(section.body.end - 1..section.body.end);
            }
            _ => {}
        }
    }
    free
}

#[test]
fn every_flipped_bit_behind_a_crc_that_matches() {
    for Case {
        name,
        file,
        content,
        strict,
    } in cases()
    {
        let (free, sections) = (free(&file), sections(&file));
        let mut accepted = 0;
        for bit in 0..file.len() * 8 {
            if covering(&sections, bit / 8).is_none() {
                continue;
            }
            let mut forged = file.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            repair(&mut forged);
            if forged == file {
                // It was a bit of the CRC itself.
                continue;
            }
            match decode(&forged) {
                Ok(back) => {
                    assert!(back == content, "{name}, bit {bit}: other content");
                    accepted += 1;
                    let may = !strict || free.iter().any(|range| range.contains(&(bit / 8)));
                    assert!(may, "{name}: bit {bit} means nothing");
                }
                Err(error) => {
                    assert!(Fault::of(&error).is_some(), "{name}, bit {bit}: {error:?}");
                }
            }
            // Without the content check a forger is not noticed, but nothing else breaks.
            if let Err(error) = decode_by_index(&forged, DecodeOptions::default()) {
                assert!(Fault::of(&error).is_some(), "{name}, bit {bit}: {error:?}");
            }
        }
        assert!(accepted > 0, "{name}: the bits for people are not ignored");
    }
}

#[test]
fn anything_behind_a_file() {
    for Case { name, file, .. } in cases() {
        for garbage in [
            &b"\0"[..],
            b"\n",
            b"UMX\x81",
            &[0; 5000],
            b"UMC",
            b"UMC\x81",
        ] {
            let long = [&file[..], garbage].concat();
            let error = decode(&long).expect_err(name);
            let (offset, section) = place(&error).expect(name);
            assert!(offset >= file.len() as u64, "{name}: {error}");
            assert!(["magic", "section"].contains(&section), "{name}: {error}");
            let fault = if garbage.starts_with(b"UMC") {
                Fault::Truncated
            } else {
                Fault::Malformed
            };
            assert_eq!(Fault::of(&error), Some(fault), "{name}: {error}");
            assert!(decode_by_index(&long, DecodeOptions::default()).is_err());
        }
    }
}

#[test]
fn less_memory_or_output_than_needed() {
    for Case {
        name,
        file,
        content,
        ..
    } in cases()
    {
        let decode = |memory, output_limit| {
            let options = DecodeOptions {
                memory,
                output_limit,
                ..DecodeOptions::default()
            };
            umoec_codec::pipeline::decompress(&file, &umoec_tests::stack::registry(), &options)
        };
        for memory in [0, 1, 20] {
            let error = decode(Some(memory), u64::MAX).expect_err(name);
            let Error::Limit { limit, needed, .. } = error else {
                panic!("{name}: {error:?}");
            };
            assert!(
                limit == memory && needed > limit,
                "{name}: {needed} of {limit}"
            );
        }
        let most = content.len() as u64;
        assert!(decode(None, most).unwrap() == content, "{name}");
        for output in [0, 1, most - 1] {
            let error = decode(None, output).expect_err(name);
            assert!(
                matches!(error, Error::Limit { limit, .. } if limit == output),
                "{name}: {error}"
            );
        }
    }
}

#[test]
fn frames_that_need_other_plugins_do_not_reach_a_coder() {
    let file = encode(&Kind::Text.generate(200, 7), order0(1000));
    let frame = sections(&file)[0].clone();
    assert!(frame.id == SOLO && frame.id != FRAME);
    // Behind memory, flags and raw length: adapter, predictor, coder, each id and version.
    for (at, kind) in [(3, "adapter"), (5, "predictor"), (7, "coder")] {
        for (offset, value) in [(0, 200), (1, 9)] {
            let mut other = file.clone();
            other[frame.body.start + at + offset] = value;
            repair(&mut other);
            let Err(Error::Unsupported { what, hint }) = decode(&other) else {
                panic!("{kind}");
            };
            assert!(what.contains(kind), "{what}");
            assert!(
                what.contains(&value.to_string()) && !hint.is_empty(),
                "{what}: {hint}"
            );
        }
    }
}
