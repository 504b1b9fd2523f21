//! Threads change the time, and nothing else.

use std::io::Read;
use std::sync::Arc;

use umoec_codec::Error;
use umoec_codec::pipeline::{
    Archive, DecodeOptions, Decoder, EncodeOptions, Profile, compress, decompress,
};
use umoec_tests::content::Kind;
use umoec_tests::stack::registry;

/// The shipped profiles with small blocks.
fn profiles() -> Vec<Profile> {
    let small = |name: &str| Profile {
        block_size: 4000,
        split: None,
        ..umoec_builtin::profile(name).unwrap()
    };
    umoec_builtin::profiles().into_iter().map(small).collect()
}

fn encode(content: &[u8], profile: &Profile, threads: usize) -> Vec<u8> {
    let options = EncodeOptions {
        threads,
        ..EncodeOptions::new(profile.clone())
    };
    compress(content, &registry(), &options).unwrap()
}

fn threads(threads: usize) -> DecodeOptions {
    DecodeOptions {
        threads,
        ..DecodeOptions::default()
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let content = Kind::Mixed.generate(12_000, 1);
    for profile in profiles() {
        let file = encode(&content, &profile, 1);
        for n in [2, 3, 100] {
            assert!(
                encode(&content, &profile, n) == file,
                "{}, {n} threads",
                profile.name
            );
        }
        for n in [0, 1, 3, 100] {
            let back = decompress(&file, &registry(), &threads(n)).unwrap();
            assert!(back == content, "{}, {n} threads", profile.name);
        }
    }
}

#[test]
fn a_tight_memory_budget_slows_threads_down_only() {
    let content = Kind::Text.generate(12_000, 2);
    for profile in profiles() {
        let file = encode(&content, &profile, 2);
        let declared = umoec_codec::pipeline::inspect(&file[..]).unwrap().members[0]
            .header
            .as_ref()
            .unwrap()
            .memory;
        // Whatever is allowed, two things may come of it: the content, or the limit by name.
        for memory in [declared, declared / 2, 1 << 20, 1000] {
            let options = DecodeOptions {
                memory: Some(memory),
                ..threads(8)
            };
            match decompress(&file, &registry(), &options) {
                Ok(back) => assert!(back == content),
                Err(Error::Limit { limit, .. }) => {
                    assert!(memory < declared && limit <= memory, "{memory}");
                }
                Err(error) => panic!("{}, {memory}: {error}", profile.name),
            }
        }
    }
}

#[test]
fn many_coders_share_one_registry() {
    let profiles = Arc::new(profiles());
    std::thread::scope(|scope| {
        for seed in 0..6u64 {
            let profiles = Arc::clone(&profiles);
            scope.spawn(move || {
                let content = Kind::ALL[seed as usize].generate(9000, seed);
                let profile = &profiles[seed as usize % profiles.len()];
                let file = encode(&content, profile, 2);
                let back = decompress(&file, &registry(), &threads(2)).unwrap();
                assert!(back == content);
                let input = std::io::Cursor::new(&file);
                let mut archive = Archive::open(input, registry(), threads(2)).unwrap();
                assert!(archive.read_range(3000, 3000).unwrap() == content[3000..6000]);
            });
        }
    });
}

#[test]
fn a_decoder_that_is_given_up_leaves_no_thread_waiting() {
    let content = Kind::Records.generate(24_000, 3);
    for profile in profiles() {
        let file = encode(&content, &profile, 2);
        let mut decoder = Decoder::new(&file[..], registry(), threads(3)).unwrap();
        let mut some = [0; 100];
        decoder.read_exact(&mut some).unwrap();
        assert_eq!(some, content[..100]);
        // Must come back, with frames in work.
        drop(decoder);
    }
}
