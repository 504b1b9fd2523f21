use proptest::prelude::*;
use umoec_codec::Error;

use super::*;

fn back(input: &[u8], adapted: Adapted) -> Result<Vec<u8>> {
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    Exe.inverse(1, &adapted.params, streams, input.len(), &Limits::default())
}

fn proposals(head: &[u8], block: &[u8]) -> Vec<Proposal> {
    let place = Place { offset: 1000, head };
    Exe.propose(block, &place, &Settings::new()).unwrap()
}

#[test]
fn executables_are_recognised_by_their_header_and_code_by_its_calls() {
    let mut elf = b"\x7FELF\x02\x01\x01".to_vec();
    elf.resize(64, 0);
    for (machine, known) in [(62u16, true), (3, true), (183, true), (8, false)] {
        elf[18..20].copy_from_slice(&machine.to_le_bytes());
        assert_eq!(proposals(&elf, &elf).len(), usize::from(known), "{machine}");
    }
    assert!(proposals(b"\0asm", &[0xE8, 1, 2, 3, 0].repeat(900)).is_empty());
    let code = [0xE8, 0x10, 0x20, 0, 0, 0x48, 0x89, 0xC3].repeat(900);
    assert_eq!(proposals(b"ustar", &code).len(), 1);
    assert!(proposals(b"MZ", &b"Calls are made, and texts are not. ".repeat(90)).is_empty());
    assert!(proposals(&[], &[]).is_empty());
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// An ELF file of 64 bits, one segment and three sections.
fn elf(machine: u16, len: u64) -> Vec<u8> {
    let mut file = vec![0xCC; len as usize];
    put(&mut file, 0, b"\x7FELF\x02\x01\x01");
    put(&mut file, 18, &machine.to_le_bytes());
    put(&mut file, 32, &64u64.to_le_bytes());
    put(&mut file, 40, &(len - 3 * 64).to_le_bytes());
    let sizes = [64u16, 56, 1, 64, 3].map(u16::to_le_bytes).concat();
    put(&mut file, 52, &sizes);
    put(&mut file, 72, &0u64.to_le_bytes());
    put(&mut file, 96, &(len - 500).to_le_bytes());
    file
}

/// A PE file with two sections.
fn pe(len: u32) -> Vec<u8> {
    let mut file = vec![0xCC; len as usize];
    put(&mut file, 0, b"MZ");
    put(&mut file, 0x3C, &0x80u32.to_le_bytes());
    put(&mut file, 0x80, b"PE\0\0\x64\x86\x02\0");
    put(&mut file, 0x94, &0xF0u16.to_le_bytes());
    let table = 0x80 + 24 + 0xF0;
    put(
        &mut file,
        table + 16,
        &[1000u32, 512].map(u32::to_le_bytes).concat(),
    );
    put(
        &mut file,
        table + 56,
        &[len - 1512, 1512].map(u32::to_le_bytes).concat(),
    );
    file
}

/// A Mach-O file of 64 bits with a segment behind another command.
fn macho(len: u64) -> Vec<u8> {
    let mut file = vec![0xCC; len as usize];
    put(
        &mut file,
        0,
        &[0xFEED_FACFu32, 0x0100_000C].map(u32::to_le_bytes).concat(),
    );
    put(&mut file, 16, &2u32.to_le_bytes());
    put(&mut file, 32, &[0x1Bu32, 24].map(u32::to_le_bytes).concat());
    put(&mut file, 56, &[0x19u32, 72].map(u32::to_le_bytes).concat());
    put(&mut file, 96, &[0u64, len].map(u64::to_le_bytes).concat());
    file
}

fn regions(block: &[u8]) -> Vec<std::ops::Range<usize>> {
    let found = Exe.regions(block, &Place::default()).unwrap();
    assert!(found.iter().all(|region| region.joins));
    found.into_iter().map(|region| region.range).collect()
}

#[test]
fn executables_in_an_archive_are_found_with_their_lengths() {
    let gap = |n: usize| b"MZ is no header, \x7FELF neither. ".repeat(n);
    let files = [elf(62, 20_000), pe(30_000), macho(25_000), elf(183, 17_000)];
    let (mut archive, mut expected) = (gap(9), Vec::new());
    for (number, file) in files.iter().enumerate() {
        expected.push(archive.len()..archive.len() + file.len());
        archive.extend(file);
        archive.extend(gap(number));
    }
    assert_eq!(regions(&archive), expected);
    // The last one is cut where the block ends.
    let cut = expected[3].start + 9000;
    expected[3].end = cut;
    assert_eq!(regions(&archive[..cut]), expected);
}

#[test]
fn other_machines_and_broken_headers_are_no_regions() {
    let mut broken = elf(62, 20_000);
    put(&mut broken, 32, &u64::MAX.to_le_bytes());
    let mut far = elf(62, 20_000);
    put(&mut far, 40, &u64::MAX.to_le_bytes());
    for file in [elf(8, 20_000), broken, far, elf(62, 20_000)[..60].to_vec()] {
        assert!(regions(&[&b"text "[..], &file].concat()).is_empty());
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_a_header_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0usize..4) {
        let headers = [&b"\x7FELF\x02\x01"[..], b"\x7FELF\x01\x01", b"MZ", b"\xCF\xFA\xED\xFE\x0C\0\0\x01"];
        let block = [headers[kind], &bytes].concat();
        for range in regions(&block) {
            prop_assert!(range.start < range.end && range.end <= block.len());
        }
    }

    #[test]
    fn any_block_comes_back(
        picks in prop::collection::vec(0usize..8, 0..600),
        machine in prop::sample::select(vec![Machine::X86, Machine::Aarch64]),
        base: u32,
    ) {
        // Bytes of which branches are made, so that many overlap.
        let data: Vec<u8> = picks.iter().map(|&i| [0xE8, 0xE9, 0, 0xFF, 0x94, 0x97, 1, 0x80][i]).collect();
        prop_assert_eq!(back(&data, adapted(&data, machine, base)).unwrap(), data);
    }

    #[test]
    fn hostile_parameters_are_refused_or_do_no_harm(
        params in prop::collection::vec(0u8..4, 0..8),
        stream in prop::collection::vec(any::<u8>(), 0..200),
        len in 0usize..200,
    ) {
        match Exe.inverse(1, &params, vec![stream.clone()], len, &Limits::default()) {
            Ok(block) => prop_assert_eq!(block.len(), stream.len()),
            Err(Error::Plugin { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
