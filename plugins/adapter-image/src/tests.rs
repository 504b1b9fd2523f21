use proptest::prelude::*;
use umoec_codec::Error;

use super::*;

fn back(input: &[u8], adapted: Adapted) -> Result<Vec<u8>> {
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    Image.inverse(1, &adapted.params, streams, input.len(), &Limits::default())
}

/// Bytes that are samples of no particular kind.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 9u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn propose(block: &[u8], file: &[u8], offset: usize) -> Vec<Proposal> {
    let place = Place {
        offset: offset as u64,
        head: &file[..file.len().min(Place::HEAD)],
    };
    Image.propose(block, &place, &Settings::new()).unwrap()
}

fn bmp(bits: u16, columns: u32, rows: i32) -> Vec<u8> {
    let mut out = b"BM\0\0\0\0\0\0\0\0".to_vec();
    out.extend(54u32.to_le_bytes());
    out.extend(40u32.to_le_bytes());
    out.extend(columns.to_le_bytes());
    out.extend(rows.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend([0; 24]);
    out
}

fn tga(kind: u8, bits: u8, columns: u16, rows: u16) -> Vec<u8> {
    let mut out = vec![3, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    out.extend(columns.to_le_bytes());
    out.extend(rows.to_le_bytes());
    out.extend([bits, 0, b'i', b'd', b'.']);
    out
}

/// Two strips from byte 200 on.
fn tiff(big_endian: bool, bits: u16, channels: u16, columns: u32, rows: u32) -> Vec<u8> {
    let u16s = |v: u16| {
        if big_endian {
            v.to_be_bytes()
        } else {
            v.to_le_bytes()
        }
    };
    let u32s = |v: u32| {
        if big_endian {
            v.to_be_bytes()
        } else {
            v.to_le_bytes()
        }
    };
    let mut out = if big_endian {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    out.extend(u32s(8));
    let strip = |rows: u32| rows * columns * u32::from(bits / 8 * channels);
    let half = rows / 2;
    // Where a tag has several values they are behind the directory.
    let long = |tag: u16, value: u32| (tag, 4u16, 1u32, u32s(value));
    let short = |tag: u16, v: u16| {
        let [a, b] = u16s(v);
        (tag, 3u16, 1u32, [a, b, 0, 0])
    };
    let entries = [
        long(256, columns),
        long(257, rows),
        short(258, bits),
        short(259, 1),
        (273, 4, 2, u32s(150)),
        short(277, channels),
        long(278, half),
        (279, 4, 2, u32s(158)),
        short(339, 1),
    ];
    out.extend(u16s(entries.len() as u16));
    for (tag, kind, count, value) in entries {
        out.extend(u16s(tag));
        out.extend(u16s(kind));
        out.extend(u32s(count));
        out.extend(value);
    }
    out.resize(150, 0);
    for value in [200, 200 + strip(half), strip(half), strip(rows - half)] {
        out.extend(u32s(value));
    }
    out.resize(200, 0);
    out
}

fn dicom(explicit: bool, bits: u16, signed: bool, columns: u16, rows: u16) -> Vec<u8> {
    let mut out = vec![0; 128];
    out.extend(b"DICM");
    let element = |out: &mut Vec<u8>, tag: (u16, u16), kind: &[u8; 2], value: &[u8]| {
        out.extend(tag.0.to_le_bytes());
        out.extend(tag.1.to_le_bytes());
        let long = matches!(kind, b"OW" | b"SQ");
        match (explicit || tag.0 == 2, long) {
            (false, _) => out.extend((value.len() as u32).to_le_bytes()),
            (true, true) => {
                out.extend(kind);
                out.extend([0, 0]);
                out.extend((value.len() as u32).to_le_bytes());
            }
            (true, false) => {
                out.extend(kind);
                out.extend((value.len() as u16).to_le_bytes());
            }
        }
        out.extend(value);
    };
    let uid: &[u8] = if explicit {
        b"1.2.840.10008.1.2.1\0"
    } else {
        b"1.2.840.10008.1.2\0"
    };
    element(&mut out, (2, 0x10), b"UI", uid);
    element(&mut out, (8, 0x60), b"CS", b"CT");
    // A sequence of an item that holds another sequence, both of lengths that are not told.
    for depth in 0..2 {
        out.extend([8, 0, 0x40, 0x11]);
        if explicit {
            out.extend(b"SQ\0\0");
        }
        out.extend([0xFF; 4]);
        out.extend([0xFE, 0xFF, 0x00, 0xE0]);
        out.extend([0xFF; 4]);
        element(&mut out, (8, 0x50 + depth), b"LO", b"inside");
    }
    for _ in 0..2 {
        out.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        out.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    }
    element(&mut out, (0x28, 2), b"US", &1u16.to_le_bytes());
    element(&mut out, (0x28, 8), b"IS", b"2 ");
    element(&mut out, (0x28, 0x10), b"US", &(rows / 2).to_le_bytes());
    element(&mut out, (0x28, 0x11), b"US", &columns.to_le_bytes());
    element(&mut out, (0x28, 0x100), b"US", &bits.to_le_bytes());
    element(
        &mut out,
        (0x28, 0x103),
        b"US",
        &u16::from(signed).to_le_bytes(),
    );
    let samples = noise(usize::from(bits / 8) * usize::from(columns) * usize::from(rows));
    element(&mut out, (0x7FE0, 0x10), b"OW", &samples);
    out.truncate(out.len() - samples.len());
    out
}

/// An empty primary, a table, an image.
fn fits(bits: i32, columns: usize, rows: usize) -> Vec<u8> {
    let unit = |cards: &[String]| {
        let mut out: Vec<u8> = cards
            .iter()
            .flat_map(|c| format!("{c:80}").into_bytes())
            .collect();
        out.extend(format!("{:80}", "END").into_bytes());
        out.resize(out.len().next_multiple_of(2880), b' ');
        out
    };
    let card = |key: &str, value: String| format!("{key:8}= {value:>20} / what it is");
    let image = |key: &str, value: &str, bits: i32, axes: &[usize]| {
        let mut cards = vec![
            card(key, value.into()),
            card("BITPIX", bits.to_string()),
            card("NAXIS", axes.len().to_string()),
        ];
        let axes = axes.iter().enumerate();
        cards.extend(axes.map(|(i, n)| card(&format!("NAXIS{}", i + 1), n.to_string())));
        cards
    };
    let mut out = unit(&image("SIMPLE", "T", 8, &[]));
    let mut table = image("XTENSION", "'BINTABLE'", 8, &[100, 70]);
    table.push(card("PCOUNT", "11".into()));
    out.extend(unit(&table));
    out.extend(noise(7011usize.next_multiple_of(2880)));
    out.extend(unit(&image(
        "XTENSION",
        "'IMAGE   '",
        bits,
        &[columns, rows],
    )));
    out
}

/// Headers of 60 x 40 pixels, and what they should be read as.
fn files() -> Vec<(Vec<u8>, Params)> {
    let plain = |width: usize, channels: usize| Params {
        width,
        channels,
        row: (60 * width * channels) as u64,
        rows: 40,
        ..Params::default()
    };
    let big = |params| Params {
        big_endian: true,
        ..params
    };
    let signed = |params| Params {
        signed: true,
        ..params
    };
    let padded = |params, pad| Params { pad, ..params };
    let pam =
        b"P7\nWIDTH 60\nHEIGHT 40\n# made here\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n";
    vec![
        (b"P5\n60 40\n255\n".to_vec(), big(plain(1, 1))),
        (b"P5 # one\n# two\n60\t40 4095 ".to_vec(), big(plain(2, 1))),
        (b"P6\n60 40\n255\n".to_vec(), big(plain(1, 3))),
        (b"P6\n60 40\n65535\n".to_vec(), big(plain(2, 3))),
        (pam.to_vec(), big(plain(1, 4))),
        (bmp(8, 60, 40), plain(1, 1)),
        (bmp(24, 60, -40), plain(1, 3)),
        (
            bmp(24, 59, 40),
            padded(
                Params {
                    row: 177,
                    ..plain(1, 3)
                },
                3,
            ),
        ),
        (bmp(32, 60, 40), plain(1, 4)),
        (tga(2, 24, 60, 40), plain(1, 3)),
        (tga(2, 32, 60, 40), plain(1, 4)),
        (tga(3, 8, 60, 40), plain(1, 1)),
        (tiff(false, 8, 3, 60, 40), plain(1, 3)),
        (tiff(false, 16, 1, 60, 40), plain(2, 1)),
        (tiff(true, 16, 4, 60, 40), big(plain(2, 4))),
        (dicom(true, 8, false, 60, 40), plain(1, 1)),
        (dicom(true, 16, true, 60, 40), signed(plain(2, 1))),
        (dicom(false, 16, false, 60, 40), plain(2, 1)),
        (fits(8, 60, 40), big(plain(1, 1))),
        (fits(16, 60, 40), signed(big(plain(2, 1)))),
        (fits(32, 60, 40), signed(big(plain(4, 1)))),
    ]
    .into_iter()
    .map(|(header, params)| {
        let skip = header.len() as u64;
        (header, Params { skip, ..params })
    })
    .collect()
}

#[test]
fn headers_of_all_kinds_are_read() {
    for (header, expected) in files() {
        let found = formats::read(&header);
        let text = String::from_utf8_lossy(&header[..header.len().min(30)]).into_owned();
        assert_eq!(found.as_ref(), Some(&expected), "{text}");
        // Wherever the file is cut within its header there is nothing, or all that matters was there.
        for cut in 0..header.len().min(600) {
            let found = formats::read(&header[..cut]);
            assert!(
                found.is_none_or(|found| found == expected),
                "{text} cut at {cut}"
            );
        }
    }
}

#[test]
fn samples_of_whole_files_and_of_blocks_of_them_come_back() {
    for (mut file, params) in files() {
        let (start, span) = (params.skip as usize, params.span().unwrap() as usize);
        file.extend(noise(params.row as usize * 4 / 5 + span));
        let line = (params.row + params.pad) as usize;
        for cut in [0, start + 1, start + line, start + 3 * line - 1] {
            let block = &file[cut..];
            let proposals = propose(block, &file, cut);
            if span - cut.saturating_sub(start) < 4096 + line {
                continue;
            }
            assert_eq!(proposals.len(), if params.channels >= 3 { 2 } else { 1 });
            for proposal in proposals {
                let found = Params::read(&proposal.adapted.params).unwrap();
                let first = (cut + found.skip as usize).checked_sub(start).unwrap();
                assert_eq!(first % line, 0, "a row begins there");
                assert!((found.skip as usize) < line.max(start + 1));
                assert_eq!(found.rows as usize, (span - first) / line);
                assert_eq!(back(block, proposal.adapted).unwrap(), block);
            }
        }
    }
}

#[test]
fn what_is_no_such_image_is_left_alone() {
    let mut compressed = bmp(24, 60, 40);
    compressed[30] = 1;
    let mut bits = tiff(false, 8, 3, 60, 40);
    bits[42] = 12;
    let mut apart = tiff(false, 8, 1, 60, 40);
    apart[154] += 1;
    let mut syntax = dicom(true, 8, false, 60, 40);
    let at = memchr::memmem::find(&syntax, b"1.2.840.10008.1.2.1").unwrap();
    syntax[at + 18] = b'2';
    let too_few = b"P5\n60 40\n0\n".to_vec();
    let too_many = b"P6\n99999999999999999999 40\n255\n".to_vec();
    let text = b"P5 is not always an image.\n".to_vec();
    let float = fits(-32, 60, 40);
    let small = tga(2, 24, 9, 9);
    for mut file in [
        compressed, bits, apart, syntax, too_few, too_many, text, float, small,
    ] {
        let name = String::from_utf8_lossy(&file[..10]).into_owned();
        file.extend(noise(20_000));
        assert!(propose(&file, &file, 0).is_empty(), "{name}");
    }
}

#[test]
fn the_layout_says_what_a_pixel_and_a_row_are() {
    let mut file = b"P6\n60 40\n65535\n".to_vec();
    file.extend(noise(60 * 40 * 6));
    let adapted = Image.forward(&file, &Settings::new()).unwrap();
    let layout = &adapted.streams[0].layout;
    assert_eq!(layout.strides, [6, 360]);
    assert_eq!(layout.number, Some(NumberLayout { width: 2, phase: 0 }));
}

#[test]
fn green_is_taken_from_red_and_blue() {
    let params = Params {
        channels: 3,
        colour: Colour::LessGreen,
        row: 6,
        rows: 1,
        ..Params::default()
    };
    let input = [10, 20, 30, 255, 0, 255];
    let adapted = adapted(&input, &params);
    assert_eq!(adapted.streams[0].data, [20, 118, 138, 0, 127, 127]);
    assert_eq!(back(&input, adapted).unwrap(), input);
}

#[test]
fn files_in_a_block_are_found() {
    let mut block = noise(5000);
    let mut expected = Vec::new();
    let parts = [
        b"P5\n200 100\n255\n".to_vec(),
        b"P6\n200 100\n65535\n".to_vec(),
        bmp(24, 199, 100),
        tiff(true, 16, 1, 200, 100),
        dicom(true, 16, false, 200, 100),
        fits(16, 200, 100),
    ];
    for header in parts {
        let params = formats::read(&header).unwrap();
        let start = block.len();
        block.extend(&header);
        block.extend(noise(params.span().unwrap() as usize));
        expected.push(start..block.len());
        block.extend(noise(777));
    }
    // Too small, and cut off.
    block.extend(b"P5\n20 100\n255\n");
    block.extend(noise(2500));
    block.extend(b"P5\n200 1000\n255\n");
    block.extend(noise(100_000));
    let found = Image.regions(&block, &Place::default()).unwrap();
    let found: Vec<_> = found.into_iter().map(|region| region.range).collect();
    assert_eq!(found, expected);
    for range in expected {
        let file = &block[range];
        for proposal in propose(file, file, 0) {
            assert_eq!(back(file, proposal.adapted).unwrap(), file);
        }
    }
}

/// Every refusal, by the parameters of 8 rows of 5 bytes and 1 of padding behind 2 others.
#[test]
fn wrong_parameters_are_refused() {
    let good = [0, 0, 2, 5, 1, 8];
    let inverse =
        |params: &[u8], streams, len| Image.inverse(1, params, streams, len, &Limits::default());
    let stream = || vec![noise(50)];
    assert!(inverse(&good, stream(), 50).is_ok());
    let wrong: [&[u8]; 11] = [
        &[3, 0, 2, 5, 1, 8],
        &[0x30, 2, 2, 6, 0, 8],
        &[0x10, 1, 2, 6, 0, 8],
        &[0, 32, 2, 33, 1, 1],
        &[1, 0, 2, 5, 1, 8],
        &[0, 0, 2, 0, 1, 8],
        &[0, 0, 2, 5, 1, 9],
        &[0, 0, 2, 5, 1, 8, 0],
        &[0, 0, 2, 5, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
        &[0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 5, 1, 8],
        &[
            0, 0, 2, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F,
        ],
    ];
    let short = (0..good.len()).map(|n| &good[..n]);
    for params in wrong.into_iter().chain(short) {
        let refused = inverse(params, stream(), 50);
        assert!(matches!(refused, Err(Error::Plugin { .. })), "{params:?}");
        assert_eq!(
            Image.describe(1, params).is_some(),
            Params::read(params).is_ok()
        );
    }
    assert!(inverse(&good, vec![noise(49)], 50).is_err());
    assert!(inverse(&good, vec![noise(50), noise(50)], 50).is_err());
}

proptest! {
    #[test]
    fn any_samples_come_back(
        data in prop::collection::vec(any::<u8>(), 0..3000),
        log_width in 0usize..=2,
        big_endian: bool,
        signed: bool,
        colour in 0usize..3,
        channels in 1usize..=5,
        columns in 1u64..40,
        pad in 0u64..5,
        skip in 0u64..50,
    ) {
        let colour = [Colour::Same, Colour::GreenFirst, Colour::LessGreen][colour];
        let colour = if channels < 3 { Colour::Same } else { colour };
        let skip = skip.min(data.len() as u64);
        let width = 1 << log_width;
        let row = columns * (width * channels) as u64;
        let rows = (data.len() as u64 - skip) / (row + pad);
        let params = Params { width, big_endian, signed, colour, channels, skip, row, pad, rows };
        prop_assert_eq!(&Params::read(&params.write()).unwrap(), &params);
        prop_assert_eq!(back(&data, adapted(&data, &params)).unwrap(), data);
    }

    #[test]
    fn hostile_parameters_are_refused_or_do_no_harm(
        params in prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..12),
        stream in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let len = stream.len();
        match Image.inverse(1, &params, vec![stream], len, &Limits::default()) {
            Ok(block) => prop_assert_eq!(block.len(), len),
            Err(Error::Plugin { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn headers_with_wrong_bytes_do_no_harm(
        number in 0usize..21,
        changes in prop::collection::vec((0usize..400, any::<u8>()), 1..6),
    ) {
        let (mut file, _) = files().swap_remove(number);
        file.extend(noise(9000));
        for (at, value) in changes {
            let len = file.len();
            file[at % len] = value;
        }
        for proposal in propose(&file, &file, 0) {
            prop_assert_eq!(&back(&file, proposal.adapted).unwrap(), &file);
        }
        for region in Image.regions(&file, &Place::default()).unwrap() {
            prop_assert!(region.range.end <= file.len());
        }
    }
}
