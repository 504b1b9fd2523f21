//! Headers, and files within blocks.

use super::*;

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    let text = format!("{text:<117}\n");
    let length = (text.len() as u16).to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, text.as_bytes(), data].concat()
}

fn fits(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let mut header = String::new();
    for card in ["SIMPLE  =                    T"]
        .iter()
        .chain(cards)
        .chain(&["END"])
    {
        header += &format!("{card:<80}");
    }
    let mut out = header.into_bytes();
    out.resize(out.len().next_multiple_of(2880), b' ');
    out.extend(data);
    out.resize(out.len().next_multiple_of(2880), 0);
    out
}

fn stl(triangles: u32) -> Vec<u8> {
    let mut out = vec![b' '; 80];
    out.extend(triangles.to_le_bytes());
    let mut noise = noise();
    for _ in 0..triangles {
        let mut floats = vec![0.0, 0.6, 0.8];
        floats.extend((0..9).map(|_| noise() * 90.0));
        out.extend(floats.into_iter().flat_map(f32::to_le_bytes));
        out.extend([0, 0]);
    }
    out
}

fn las(points: u32) -> Vec<u8> {
    let mut out = vec![0; 227];
    out[..4].copy_from_slice(b"LASF");
    (out[24], out[25]) = (1, 2);
    out[96..100].copy_from_slice(&227u32.to_le_bytes());
    // Format 1, with two bytes that it does not know.
    out[104] = 1;
    out[105..107].copy_from_slice(&30u16.to_le_bytes());
    out[107..111].copy_from_slice(&points.to_le_bytes());
    for i in 0..points {
        let mut point = [i * 3, i * i, 70_000 + i % 9]
            .map(u32::to_le_bytes)
            .concat();
        point.extend([i as u8, 0, 9, 2, 0, 0, 1, 0]);
        point.extend((f64::from(i) * 0.25).to_le_bytes());
        point.extend([3, 4]);
        out.extend(point);
    }
    out
}

fn noise_bytes(count: usize) -> Vec<u8> {
    let mut noise = noise();
    (0..count).map(|_| (noise() * 256.0) as i32 as u8).collect()
}

/// Bytes before the records, their number, and the widths of the fields.
fn geometry(file: &[u8]) -> Option<(usize, usize, Vec<usize>)> {
    let proposals = propose(file, &Settings::new());
    let params = params(proposals.first()?);
    let widths = params.fields.iter().map(|f| f.width).collect();
    Some((params.head, params.records, widths))
}

#[test]
fn arrays_of_numpy_are_known() {
    let data = noise_bytes(24_000);
    let is = |descr: &str, shape: &str, records: usize, widths: &[usize]| {
        let found = geometry(&npy(descr, shape, &data));
        assert_eq!(
            found,
            Some((128, records, widths.to_vec())),
            "{descr} {shape}"
        );
    };
    is("'<f8'", "(3000,)", 3000, &[8]);
    is("'>f4'", "(2000, 3)", 2000, &[4; 3]);
    is("'<i2'", "(10, 12, 100)", 12_000, &[2]);
    is(
        "[('a', '<f4'), ('b', '|u1'), ('c', '<i2')]",
        "(3428,)",
        3428,
        &[4, 1, 2],
    );
    // More than there is.
    is("'<f4'", "(90000,)", 6000, &[4]);
    for (descr, shape) in [
        ("'|O'", "(3000,)"),
        ("'<f4'", "(x,)"),
        ("'<f4'", "(0,)"),
        ("[('a', '<f4', (3,))]", "(10,)"),
        ("[]", "(10,)"),
    ] {
        assert_eq!(geometry(&npy(descr, shape, &data)), None, "{descr} {shape}");
    }
}

#[test]
fn rows_of_arrays_are_told() {
    let file = npy("'<f4'", "(50, 120)", &noise_bytes(24_000));
    let proposals = propose(&file, &Settings::new());
    assert!(
        proposals[0].adapted.streams[0]
            .layout
            .strides
            .contains(&480)
    );
}

#[test]
fn images_and_tables_of_fits_are_known() {
    let axes = [
        "NAXIS   =                    2",
        "NAXIS1  =                  120",
        "NAXIS2  =                   50 / rows",
    ];
    let image = fits(
        &[&["BITPIX  =                  -32"], &axes[..]].concat(),
        &noise_bytes(24_000),
    );
    assert_eq!(geometry(&image), Some((2880, 6000, vec![4])));
    let none = fits(
        &[
            "BITPIX  =                    8",
            "NAXIS   =                    0",
        ],
        &[],
    );
    let cards = [
        "XTENSION= 'BINTABLE'           / a table",
        "BITPIX  =                    8",
        "NAXIS   =                    2",
        "NAXIS1  =                   15",
        "NAXIS2  =                  500",
        "TFIELDS =                    3",
        "TFORM1  = '1D      '",
        "TFORM2  = '3A'",
        "TFORM3  = 'J       '",
    ];
    // Behind a first header that has no data; the card that begins this one is not needed.
    let mut table = fits(&cards, &noise_bytes(7500));
    table.drain(..80);
    table.splice(2800..2800, [b' '; 80]);
    let table = [none, table].concat();
    assert_eq!(geometry(&table), Some((5760, 500, vec![8, 1, 1, 1, 4])));
}

#[test]
fn extensions_are_tables_of_their_own() {
    let axes = [
        "NAXIS   =                    2",
        "NAXIS1  =                  120",
        "NAXIS2  =                   90 / rows",
    ];
    let image = ["BITPIX  =                  -32", axes[0], axes[1], axes[2]];
    let mut file = fits(&image, &noise_bytes(43_200));
    let mut ranges = Vec::new();
    for width in [16, -64] {
        let kind = format!("BITPIX  ={width:21}");
        let cards = [&["XTENSION= 'IMAGE   '", &kind][..], &axes].concat();
        let length = 10_800 * if width == 16 { 2 } else { 8 };
        let extension = fits(&cards, &noise_bytes(length));
        ranges.push(file.len() + 2880..file.len() + 2880 + length);
        file.extend(b"XTENSION= 'IMAGE   '");
        file.extend(&[b' '; 60]);
        // Without the cards that begin a file.
        file.extend(&extension[160..2880]);
        file.extend([b' '; 80]);
        file.extend(&extension[2880..]);
    }
    let found = Record.regions(&file, &Place::own(&file)).unwrap();
    let places: Vec<_> = found.iter().map(|r| r.range.clone()).collect();
    assert_eq!(places, ranges);
    for (region, width) in found.iter().zip([2, 8]) {
        let data = &file[region.range.clone()];
        let proposals = Record
            .propose_region(data, &region.note, &Settings::new())
            .unwrap();
        let params = params(&proposals[0]);
        assert_eq!((params.records, params.record()), (10_800, width));
        let strides = &proposals[0].adapted.streams[0].layout.strides;
        assert!(strides.len() > 1, "{strides:?}");
        assert_eq!(back(data, proposals[0].adapted.clone()).unwrap(), data);
    }
    // A later block may begin anywhere.
    let place = Place {
        offset: 100,
        head: &file[..2880],
    };
    assert_eq!(Record.regions(&file[100..], &place).unwrap().len(), 2);
}

#[test]
fn triangles_and_points_are_known() {
    let mut widths = vec![4; 12];
    widths.push(2);
    assert_eq!(geometry(&stl(400)), Some((84, 400, widths)));
    let widths = vec![4, 4, 4, 2, 1, 1, 1, 1, 2, 8, 1, 1];
    assert_eq!(geometry(&las(700)), Some((227, 700, widths)));
    let mut compressed = las(700);
    compressed[104] |= 128;
    assert_eq!(geometry(&compressed), None);
}

#[test]
fn later_blocks_of_a_file_are_in_step() {
    let file = las(5000);
    for offset in [227, 228, 40_000, 100_001] {
        let proposals = propose_block(&file, offset, &file[offset..], &Settings::new());
        let head = params(&proposals[0]).head;
        assert_eq!((offset + head - 227) % 30, 0);
    }
}

#[test]
fn files_within_a_block_are_pointed_out() {
    let array = npy("'<f4'", "(100, 60)", &noise_bytes(24_000));
    let image = fits(
        &[
            "BITPIX  =                   16",
            "NAXIS   =                    1",
            "NAXIS1  =                 9000",
        ],
        &noise_bytes(18_000),
    );
    let mut block = noise_bytes(1000);
    let mut ranges = Vec::new();
    for file in [
        &array,
        &image,
        &las(2000),
        &stl(500),
        &npy("'<f4'", "(20,)", &[0; 80]),
    ] {
        block.resize(block.len().next_multiple_of(512), 0);
        ranges.push(block.len()..block.len() + file.len());
        block.extend(file);
    }
    // The padding of an image is no part of its records, and a small file is none.
    ranges[1].end = ranges[1].start + 2880 + 18_000;
    ranges.truncate(4);
    let found = Record.regions(&block, &Place::default()).unwrap();
    let found: Vec<_> = found.into_iter().map(|r| r.range).collect();
    assert_eq!(found, ranges);
    assert!(
        Record
            .regions(&array, &Place::default())
            .unwrap()
            .is_empty()
    );
    // The last one may be cut.
    let cut = &block[..ranges[0].end - 100];
    let found = Record.regions(cut, &Place::default()).unwrap();
    assert_eq!(found[0].range, ranges[0].start..cut.len());
}

#[test]
fn cut_headers_are_no_headers() {
    for file in [
        npy("'<f4'", "(500,)", &[0; 2000]),
        las(40),
        stl(20),
        fits(
            &["BITPIX  = 8", "NAXIS   = 1", "NAXIS1  = 3000"],
            &[0; 3000],
        ),
    ] {
        for end in 0..file.len().min(3000) {
            // Nothing to assert but that it ends.
            let _ = header::read(&file[..end]);
        }
    }
}
