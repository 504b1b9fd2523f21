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

proptest! {
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
