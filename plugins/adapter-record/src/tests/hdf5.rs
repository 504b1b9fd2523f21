//! HDF5 files.

use std::ops::Range;

use umoec_adapter_float::number::Number;

use super::*;
use crate::hdf5::tables;
use crate::note::Table;
use writer::{F32, F64, File, I16, U8, compound, space, words};

mod hostile;
mod writer;

fn find(file: &[u8]) -> Vec<Table> {
    tables(file, &Place::own(file), 0)
}

fn column(width: usize, number: Number, big_endian: bool) -> Column {
    Column {
        width,
        number,
        big_endian,
    }
}

fn f32s(count: usize) -> Vec<Column> {
    vec![column(4, Number::Float, false); count]
}

/// `length` bytes from the place of `needle` on.
fn after(file: &[u8], needle: u8, length: usize) -> Range<usize> {
    let start = file.windows(16).position(|w| w == [needle; 16]).unwrap();
    start..start + length
}

fn table(ranges: Vec<Range<usize>>, columns: Vec<Column>, sections: &[usize]) -> Table {
    Table {
        ranges,
        columns,
        sections: sections.to_vec(),
        row: None,
    }
}

/// Two tables, a grid, a column and a table of compounds.
fn several(new: bool) -> Vec<u8> {
    let mut file = File::new(new);
    let record = compound(
        if new { 3 } else { 1 },
        16,
        &[(0, &I16), (4, &F64), (12, &U8)],
    );
    let objects = [
        file.set(&F32, &[100, 7], &[b'a'; 2800]),
        file.set(&F32, &[5, 300], &[b'b'; 6000]),
        file.set(&F64, &[77], &[b'c'; 616]),
        file.set(&record, &[50], &[b'd'; 800]),
        file.set(&U8, &[900], &[b'e'; 900]),
    ];
    let inner = file.group(&objects[2..]);
    let root = file.group(&[objects[0], inner, objects[1]]);
    file.finish(root)
}

#[test]
fn sets_in_one_piece_are_found() {
    for new in [false, true] {
        let file = several(new);
        let found = find(&file);
        let byte = Column::BYTE;
        let mut record = vec![column(2, Number::Signed, true), byte, byte];
        record.push(column(8, Number::Float, false));
        record.extend([byte; 4]);
        let mut expected = vec![
            table(vec![after(&file, b'a', 2800)], f32s(7), &[]),
            table(vec![after(&file, b'b', 6000)], f32s(1), &[]),
            table(
                vec![after(&file, b'c', 616)],
                vec![column(8, Number::Float, false)],
                &[],
            ),
            table(vec![after(&file, b'd', 800)], record, &[]),
        ];
        expected[1].row = Some(1200);
        assert_eq!(found, expected, "new: {new}");
    }
}

#[test]
fn members_of_all_versions_are_read() {
    for version in 1..=3 {
        let mut file = File::new(true);
        let inner = compound(version, 6, &[(0, &F32), (4, &I16)]);
        let record = compound(version, 14, &[(0, &inner), (6, &F64)]);
        let set = file.set(&record, &[30], &[b'a'; 420]);
        let root = file.group(&[set]);
        let found = find(&file.finish(root));
        let widths: Vec<usize> = found[0].columns.iter().map(|c| c.width).collect();
        assert_eq!(widths, [4, 2, 8], "version {version}");
    }
}

#[test]
fn chunks_are_found() {
    let mut file = File::new(false);
    let chunks = [
        file.put(&[b'a'; 800]),
        file.put(&[b'b'; 40]),
        file.put(&[b'c'; 800]),
    ];
    let chunks = [(chunks[2], 800, 0), (chunks[0], 800, 0)];
    let set = file.chunked(&F32, &[90, 4], &[50, 4, 4], &chunks, 3, 0);
    let root = file.group(&[set]);
    let file = file.finish(root);
    let ranges = vec![after(&file, b'a', 800), after(&file, b'c', 800)];
    assert_eq!(find(&file), [table(ranges, f32s(4), &[])]);
}

#[test]
fn chunks_that_were_filtered_are_left_alone() {
    let with = |filters, mask, size| {
        let mut file = File::new(false);
        let chunk = file.put(&[b'a'; 800]);
        let set = file.chunked(&F32, &[200], &[200, 4], &[(chunk, size, mask)], 1, filters);
        let root = file.group(&[set]);
        find(&file.finish(root)).len()
    };
    assert_eq!(with(0, 0, 800), 1);
    assert_eq!(with(2, 0, 800), 0);
    assert_eq!(with(2, 1, 800), 0);
    assert_eq!(with(2, 3, 800), 1);
    assert_eq!(with(0, 0, 700), 0);
}

#[test]
fn chunks_of_single_columns_are_a_table() {
    let mut file = File::new(false);
    let chunks: Vec<_> = (0..6)
        .map(|c| (file.put(&[b'a' + c; 400]), 400, 0))
        .collect();
    let set = file.chunked(&F32, &[200, 3], &[100, 1, 4], &chunks, 1, 0);
    let root = file.group(&[set]);
    let file = file.finish(root);
    let ranges = vec![after(&file, b'a', 2400)];
    assert_eq!(find(&file), [table(ranges, f32s(3), &[100, 100])]);
}

#[test]
fn sets_of_as_many_numbers_are_a_table() {
    let mut file = File::new(true);
    let objects = [
        file.set(&F32, &[100], &[b'a'; 400]),
        file.set(&I16, &[100], &[b'b'; 200]),
        file.set(&F32, &[99], &[b'c'; 396]),
        file.set(&F64, &[100], &[b'd'; 800]),
    ];
    let root = file.group(&objects);
    let file = file.finish(root);
    let ranges = [(b'a', 400), (b'b', 200), (b'd', 800)];
    let ranges = ranges.map(|(c, length)| after(&file, c, length)).to_vec();
    let columns = [
        (4, Number::Float, false),
        (2, Number::Signed, true),
        (8, Number::Float, false),
    ];
    let columns = columns.map(|(w, n, b)| column(w, n, b)).to_vec();
    let last = vec![after(&file, b'c', 396)];
    let expected = [table(ranges, columns, &[100]), table(last, f32s(1), &[])];
    assert_eq!(find(&file), expected);
}

#[test]
fn later_blocks_and_files_within_are_read() {
    let file = several(false);
    let whole = find(&file);
    // The structure is behind the data here: only what follows a cut still knows of it.
    for cut in [0, 500, 3001] {
        let block = &file[cut..];
        let place = Place {
            offset: cut as u64,
            head: &file[..96],
        };
        let found = tables(block, &place, 0);
        let ends: Vec<usize> = found.iter().map(|t| t.ranges[0].end + cut).collect();
        let all = whole
            .iter()
            .map(|t| t.ranges[0].end)
            .filter(|&end| end > cut);
        assert_eq!(ends, all.collect::<Vec<_>>());
        let record: usize = found[0].columns.iter().map(|c| c.width).sum();
        assert!(found[0].length().is_multiple_of(record));
    }
    let archive = [&[0; 100][..], &file].concat();
    let found = tables(&archive, &Place::own(&archive), 100);
    assert_eq!(found.len(), whole.len());
    assert_eq!(found[0].ranges[0].start, whole[0].ranges[0].start + 100);
}

#[test]
fn blocks_within_a_set_are_known() {
    let mut noise = noise();
    let data: Vec<u8> = (0..20_000).flat_map(|_| noise().to_le_bytes()).collect();
    let mut file = File::new(false);
    file.put(&[0; 1 << 10]);
    // The structure comes first here, as most writers have it.
    let start = 4096;
    let layout = [&[3, 1][..], &words(&[start, data.len() as u64])].concat();
    let set = file.object(&[space(&[4000, 5]), (3, F32.to_vec()), (8, layout)]);
    let root = file.group(&[set]);
    let mut file = file.finish(root);
    file.resize(start as usize, 0);
    file.extend(data);
    for offset in [4096, 30_000, 50_001] {
        let proposals = propose_block(&file, offset, &file[offset..], &Settings::new());
        let params = params(&proposals[0]);
        assert_eq!(params.record(), 20);
        assert_eq!((offset + params.head - 4096) % 20, 0);
    }
}

#[test]
fn tables_come_back() {
    let mut noise = noise();
    let mut file = File::new(false);
    let mut numbers = |n: usize| -> Vec<u8> {
        (0..n)
            .flat_map(|_| (noise() * 50.0).to_le_bytes())
            .collect()
    };
    let mut objects = Vec::new();
    for _ in 0..3 {
        let data = numbers(2000);
        objects.push(file.set(&F32, &[2000], &data));
    }
    let data = numbers(9000);
    objects.push(file.set(&F32, &[30, 300], &data));
    let root = file.group(&objects);
    let file = file.finish(root);
    let regions = Record.regions(&file, &Place::own(&file)).unwrap();
    let notes: Vec<&[u8]> = regions.iter().map(|r| &r.note[..]).collect();
    assert_eq!(regions.len(), 4);
    assert!(notes[0] == notes[1] && notes[1] == notes[2] && notes[2] != notes[3]);
    for note in [notes[0], notes[3]] {
        let ranges = regions.iter().filter(|r| r.note == note);
        let bytes: Vec<u8> = ranges
            .flat_map(|r| &file[r.range.clone()])
            .copied()
            .collect();
        let proposals = Record
            .propose_region(&bytes, note, &Settings::new())
            .unwrap();
        assert!(!proposals.is_empty());
        // A sample of columns one behind the other is not to be trusted.
        let score = if note == notes[3] { 99 } else { 100 };
        assert_eq!(proposals[0].score, score);
        for proposal in proposals {
            assert_eq!(params(&proposal).sections.is_empty(), note == notes[3]);
            assert_eq!(back(&bytes, proposal.adapted).unwrap(), bytes);
        }
        // Some of it is missing: whatever is proposed comes back.
        let less = &bytes[..bytes.len() - 700];
        for proposal in Record.propose_region(less, note, &Settings::new()).unwrap() {
            assert!(params(&proposal).sections.is_empty());
            assert_eq!(back(less, proposal.adapted).unwrap(), less);
        }
    }
}
