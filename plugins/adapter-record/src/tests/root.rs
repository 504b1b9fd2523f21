//! ROOT files.

use std::ops::Range;

use umoec_adapter_float::number::Number;

use super::*;
use crate::note::Table;
use crate::root::tables;

/// A basket; `entries` are bytes of each event where these have places of their own.
fn basket(branch: &str, long: bool, events: u32, entries: Option<&[u32]>, body: &[u8]) -> Vec<u8> {
    let class = b"\x07TBasket";
    let head = if long { 34 } else { 26 } + class.len() + branch.len() + 3 + 19;
    let places: Vec<u32> = entries.map_or(Vec::new(), |entries| {
        let mut at = head as u32;
        let places = entries.iter().map(|e| {
            at += e;
            at - e
        });
        [entries.len() as u32 + 1]
            .into_iter()
            .chain(places)
            .chain([0])
            .collect()
    });
    let unpacked = (body.len() + 4 * places.len()) as u32;
    let mut out = (head as u32 + unpacked).to_be_bytes().to_vec();
    out.extend(if long { 1004u16 } else { 4 }.to_be_bytes());
    out.extend(unpacked.to_be_bytes());
    out.extend([0; 4]);
    out.extend((head as u16).to_be_bytes());
    out.extend(vec![0; if long { 18 } else { 10 }]);
    out.extend(class);
    out.push(branch.len() as u8);
    out.extend(branch.as_bytes());
    out.extend(b"\x01t");
    out.extend([0, 2, 0, 0, 125, 0]);
    let size = match entries {
        None => body.len() as u32 / events,
        Some(_) => 4000,
    };
    for number in [size, events, (head + body.len()) as u32] {
        out.extend(number.to_be_bytes());
    }
    out.push(0);
    assert_eq!(out.len(), head);
    out.extend(body);
    out.extend(places.iter().flat_map(|p| p.to_be_bytes()));
    out
}

fn floats(count: usize) -> Vec<u8> {
    let mut noise = noise();
    (0..count)
        .flat_map(|_| (noise() * 90.0).to_be_bytes())
        .collect()
}

fn whole(count: u32) -> Vec<u8> {
    (0..count).flat_map(|n| (n % 7).to_be_bytes()).collect()
}

struct File {
    out: Vec<u8>,
}

impl File {
    /// Where the numbers of a basket are now.
    fn put(&mut self, basket: &[u8], body: usize, behind: usize) -> Range<usize> {
        self.out.extend(basket);
        let end = self.out.len() - behind;
        end - body..end
    }
}

fn column(width: usize, number: Number) -> Column {
    Column {
        width,
        number,
        big_endian: true,
    }
}

#[test]
fn branches_of_as_many_numbers_are_a_table() {
    let mut file = File { out: vec![0; 100] };
    let mut ranges = vec![Vec::new(); 3];
    for (events, entries) in [(100, [8, 4, 12]), (60, [4, 20, 4])] {
        let jagged = entries.iter().cycle().take(events as usize).copied();
        let jagged: Vec<u32> = jagged.collect();
        let numbers: usize = jagged.iter().map(|e| *e as usize / 4).sum();
        let behind = 4 * (jagged.len() + 2);
        let body = floats(events as usize);
        for (branch, body) in [("met", &body), ("n", &whole(events))] {
            let basket = basket(branch, true, events, None, body);
            ranges[0].push(file.put(&basket, body.len(), 0));
        }
        for branch in ["jet_px", "jet_py"] {
            let body = floats(numbers);
            let basket = basket(branch, false, events, Some(&jagged), &body);
            ranges[1].push(file.put(&basket, body.len(), behind));
        }
        let body = floats(3 * events as usize);
        let basket = basket("vertex", true, events, None, &body);
        ranges[2].push(file.put(&basket, body.len(), 0));
        file.out.extend([0; 50]);
    }
    let float = column(4, Number::Float);
    let table = |n: usize, columns: Vec<Column>, sections: &[usize]| Table {
        ranges: ranges[n].clone(),
        columns,
        sections: sections.to_vec(),
        row: None,
    };
    let expected = [
        table(0, vec![float, column(4, Number::Signed)], &[100, 60]),
        table(1, vec![float; 2], &[200, 140]),
        table(2, vec![float; 3], &[]),
    ];
    assert_eq!(tables(&file.out), expected);
}

#[test]
fn compressed_baskets_are_left_alone() {
    let mut basket = basket("met", true, 100, None, &floats(100));
    assert_eq!(tables(&basket).len(), 1);
    basket[9] += 1;
    assert_eq!(tables(&basket), []);
}

#[test]
fn baskets_that_lie_do_no_harm() {
    let jagged = [4; 30];
    let mut file = basket("met", true, 30, None, &floats(30));
    file.extend(basket("n", false, 30, None, &whole(30)));
    file.extend(basket("jet", false, 30, Some(&jagged), &floats(30)));
    let look = |file: &[u8]| {
        for table in tables(file) {
            assert!(table.ranges.last().unwrap().end <= file.len());
            let record: usize = table.columns.iter().map(|c| c.width).sum();
            assert!(table.length().is_multiple_of(record));
        }
    };
    for end in 0..file.len() {
        look(&file[..end]);
    }
    for at in 0..file.len() {
        for flip in [1, 0x80, 0xFF] {
            file[at] ^= flip;
            look(&file);
            file[at] ^= flip;
        }
    }
}
