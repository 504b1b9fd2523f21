use proptest::prelude::*;
use umoec_codec::Error;

use super::*;

/// A WAV header for so many bytes of samples.
fn wav(channels: u16, bits: u16, length: u32) -> Vec<u8> {
    let frame = channels * bits.div_ceil(8);
    let mut out = b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00".to_vec();
    out.extend(channels.to_le_bytes());
    out.extend(44_100u32.to_le_bytes());
    out.extend((44_100 * u32::from(frame)).to_le_bytes());
    out.extend(frame.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend(b"data");
    out.extend(length.to_le_bytes());
    out
}

/// Two tones, a little apart in the two channels.
fn tones(frames: u32) -> Vec<u8> {
    let sample = |t: f32| ((t * 0.05).sin() * 9e3 + (t * 0.31).cos() * 2e3) as i16;
    (0..frames)
        .flat_map(|i| [sample(i as f32), sample(i as f32 - 3.0)])
        .flat_map(i16::to_le_bytes)
        .collect()
}

fn back(input: &[u8], adapted: Adapted) -> Result<Vec<u8>> {
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    Audio.inverse(1, &adapted.params, streams, input.len(), &Limits::default())
}

#[test]
fn tones_become_small_and_come_back_from_any_block() {
    let tones = tones(20_000);
    let mut file = wav(2, 16, tones.len() as u32);
    file.extend(tones);
    file.extend(b"LIST and other things that follow");
    for cut in [0, 44, 45, 46, 47, 40_001] {
        let place = Place {
            offset: cut as u64,
            head: &file[..1000],
        };
        let block = &file[cut..];
        let proposals = Audio.propose(block, &place, &Settings::new()).unwrap();
        let adapted = proposals.into_iter().next().unwrap().adapted;
        let params = Params::read(&adapted.params).unwrap();
        let (start, end) = (params.skip as usize, (params.skip + params.length) as usize);
        assert_eq!((cut + start) % 4, 0, "frames begin at byte 44");
        let tail = &adapted.streams[0].data[(start + end) / 2..end];
        let small = tail
            .chunks_exact(2)
            .filter(|r| matches!(r[0], 0x7F | 0x80))
            .count();
        assert!(
            small * 2 > tail.len() * 9 / 10,
            "{small} of {}",
            tail.len() / 2
        );
        assert_eq!(back(block, adapted).unwrap(), block);
    }
}

/// Samples of `width` bytes, from a function of time and channel that gives -1 to 1.
fn sound(frames: u32, channels: usize, width: usize, wave: impl Fn(f64, f64) -> f64) -> Vec<u8> {
    let scale = (1i64 << (8 * width - 1)) as f64 - 1.0;
    let each = (0..frames).flat_map(|t| (0..channels).map(move |c| (f64::from(t), c as f64)));
    each.flat_map(|(t, c)| {
        let sample = (wave(t, c) * scale) as i64;
        let bias = if width == 1 { 128 } else { 0 };
        (sample + bias).to_le_bytes().into_iter().take(width)
    })
    .collect()
}

fn plain(data: &[u8], width: usize, channels: usize) -> Params {
    Params {
        width,
        big_endian: false,
        unsigned: width == 1,
        channels,
        skip: 0,
        length: data.len() as u64,
    }
}

#[test]
fn tones_of_any_width_and_number_of_channels_become_small() {
    for (width, channels) in [(1, 1), (2, 1), (2, 6), (3, 2), (4, 1), (4, 2)] {
        let wave = |t: f64, c: f64| (t * 0.02 + c).sin() * 0.5 + (t * 0.3 - c).cos() * 0.2;
        // More than the longest filter keeps before it moves its past.
        let data = sound(10_000 / channels as u32, channels, width, wave);
        let adapted = adapted(&data, &plain(&data, width, channels)).unwrap();
        let half = data.len() / 2 / width * width;
        let tail = adapted.streams[0].data[half..].chunks_exact(width);
        let most = 1i64 << (8 * width - 1);
        let errors = tail.map(|r| r.iter().fold(0, |v, &b| (v << 8) | i64::from(b)) - most);
        let (count, sum) = errors.fold((0, 0), |(n, sum), e| (n + 1, sum + e.abs()));
        let mean = sum / count;
        // Rounding alone is what cannot be foreseen.
        assert!(mean <= 1 + (most >> 14), "{width} {channels}: {mean}");
        assert_eq!(back(&data, adapted).unwrap(), data);
    }
}

/// In a test build an overflow panics.
#[test]
fn extremes_come_back() {
    let waves: [fn(f64, f64) -> f64; 3] = [
        |t, c| if (t + c) % 2.0 < 1.0 { 1.0 } else { -1.0 },
        |t, _| if (t / 200.0) % 2.0 < 1.0 { 0.0 } else { 1.0 },
        |t, c| {
            if (t * t * (c + 3.0)) % 7.0 < 3.0 {
                -1.0
            } else {
                1.0
            }
        },
    ];
    for width in 1..=4 {
        for wave in waves {
            let data = sound(2500, 2, width, wave);
            let adapted = adapted(&data, &plain(&data, width, 2)).unwrap();
            assert_eq!(back(&data, adapted).unwrap(), data);
        }
    }
}

#[test]
fn what_is_no_pcm_is_left_alone() {
    let mut float = wav(2, 32, 4000);
    float[20] = 3;
    float.resize(5000, 7);
    let mut cut = wav(2, 16, 4000);
    cut.truncate(30);
    let mut no_channels = wav(0, 16, 4000);
    no_channels.resize(5000, 1);
    for file in [&float, &cut, &no_channels, &Vec::new(), &vec![b'R'; 3000]] {
        let place = Place {
            offset: 0,
            head: file,
        };
        let proposals = Audio.propose(file, &place, &Settings::new()).unwrap();
        assert!(proposals.is_empty());
    }
}

#[test]
fn files_within_a_block_are_found_up_to_the_end_of_their_samples() {
    let sound = |samples: usize| {
        let mut file = wav(2, 16, samples as u32);
        file.resize(44 + samples, 9);
        file
    };
    let (first, second) = (sound(20_000), sound(30_000));
    let gap = b"WAVE and AIFF are words, WAVEfmt is none; ".repeat(20);
    let block = [&gap[..], &first, &gap, &second, &gap].concat();
    let region = |range| Region {
        range,
        score: 100,
        joins: false,
        note: Vec::new(),
    };
    let at = 2 * gap.len() + first.len();
    let expected = [
        region(gap.len()..gap.len() + first.len()),
        region(at..at + second.len()),
    ];
    assert_eq!(Audio.regions(&block, &Place::default()).unwrap(), expected);
    let cut = &block[..at + 100];
    assert_eq!(
        Audio.regions(cut, &Place::default()).unwrap()[1],
        region(at..at + 100)
    );
    assert!(
        Audio
            .regions(b"RIFF....WAVEfmt ", &Place::default())
            .unwrap()
            .is_empty()
    );
}

proptest! {
    #[test]
    fn any_samples_come_back(
        data in prop::collection::vec(any::<u8>(), 0..3000),
        width in 1usize..=4,
        big_endian: bool,
        unsigned: bool,
        channels in 1usize..=9,
        skip in 0usize..50,
    ) {
        let skip = skip.min(data.len());
        let frame = width * channels;
        let length = ((data.len() - skip) / frame * frame) as u64;
        let skip = skip as u64;
        let params = Params { width, big_endian, unsigned, channels, skip, length };
        prop_assert_eq!(&Params::read(&params.write()).unwrap(), &params);
        prop_assert_eq!(back(&data, adapted(&data, &params).unwrap()).unwrap(), data);
    }

    #[test]
    fn hostile_parameters_are_refused_or_do_no_harm(
        params in prop::collection::vec(any::<u8>(), 0..12),
        stream in prop::collection::vec(any::<u8>(), 0..200),
        len in 0usize..200,
    ) {
        match Audio.inverse(1, &params, vec![stream.clone()], len, &Limits::default()) {
            Ok(block) => prop_assert_eq!(block.len(), stream.len()),
            Err(Error::Plugin { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
