//! Parameters, and the way back with what no encoder made.

use proptest::prelude::*;
use umoec_adapter_float::number::Number;

use super::*;
use crate::lattice::{Lattice, Stored};
use crate::params::{Change, Kind};
use crate::relation::{Formula, Operand, Relation};

fn field(width: usize, kind: Kind) -> Field {
    Field {
        width,
        big_endian: false,
        kind,
        change: Change::Nothing,
        group: 0,
    }
}

fn any_lattice() -> impl Strategy<Value = Lattice> {
    prop_oneof![
        (0u8..19).prop_map(Lattice::Decimal),
        (0u8..=60).prop_map(Lattice::Binary),
        (1e-9..1e9, -1e9..1e9).prop_map(|(step, base)| Lattice::Double { step, base }),
        (1e-9f32..1e9, -1e9f32..1e9).prop_map(|(step, base)| Lattice::Single { step, base }),
        any::<bool>().prop_map(|signed| Lattice::Whole { signed }),
    ]
}

fn any_kind(width: usize) -> BoxedStrategy<Kind> {
    let numbers = vec![Number::Unsigned, Number::Signed, Number::Float];
    let number = prop::sample::select(numbers).prop_map(Kind::Number);
    let missing = u64::MAX >> (64 - 8 * width);
    let stored = (any_lattice(), 1usize..=8, any::<i64>(), any::<u64>());
    let stored = stored.prop_map(move |(lattice, bytes, bottom, number)| {
        let lattice = match lattice {
            Lattice::Whole { .. } => lattice,
            _ if matches!(width, 4 | 8) => lattice,
            _ => Lattice::Whole { signed: true },
        };
        Kind::Stored(Stored {
            lattice,
            bytes,
            bottom: bottom >> (bottom & 63),
            missing: number & missing,
        })
    });
    prop_oneof![number, stored].boxed()
}

fn any_field() -> impl Strategy<Value = Field> {
    (1usize..=8).prop_flat_map(|width| {
        (any_kind(width), any::<bool>(), any::<bool>(), 0usize..3).prop_map(
            move |(kind, big_endian, delta, group)| Field {
                width,
                big_endian,
                kind,
                change: if delta {
                    Change::Delta
                } else {
                    Change::Nothing
                },
                group,
            },
        )
    })
}

fn any_relation(fields: usize) -> impl Strategy<Value = Field> {
    let operand = (0..fields, any::<bool>());
    let operand = operand.prop_map(|(field, negative)| Operand { field, negative });
    let formula = prop::sample::select(Formula::ALL.to_vec());
    let operands = prop::collection::vec(operand, 1..=8);
    (formula, any::<bool>(), operands, any::<bool>()).prop_map(|(formula, one, operands, wide)| {
        Field {
            change: Change::Relation(Relation {
                formula,
                one,
                operands,
            }),
            ..field(if wide { 8 } else { 4 }, Kind::Number(Number::Float))
        }
    })
}

fn any_params() -> impl Strategy<Value = Params> {
    let fields = prop::collection::vec(any_field(), 1..6);
    let fields = fields.prop_flat_map(|fields| {
        let related = prop::collection::vec(any_relation(fields.len()), 0..3);
        (Just(fields), related).prop_map(|(fields, related)| [fields, related].concat())
    });
    let sections = prop::collection::vec(0usize..6, 0..4);
    let numbers = (0usize..20, 0usize..12, sections);
    (numbers, fields).prop_map(|((head, records, sections), fields)| Params {
        head,
        records: if sections.is_empty() {
            records
        } else {
            sections.iter().sum()
        },
        sections,
        groups: 3,
        exceptions: true,
        fields,
    })
}

proptest! {
    #[test]
    fn any_block_comes_back_under_any_parameters(
        params in any_params(),
        bytes in prop::collection::vec(any::<u8>(), 1500),
        tail in 0usize..9,
    ) {
        prop_assert_eq!(&Params::read(&params.write()).unwrap(), &params);
        let len = params.head + params.record() * params.records + tail;
        let block = &bytes[..len];
        let mut by_record = block.to_vec();
        let body = &mut by_record[params.head..len - tail];
        planes::to_records(body, &params.sections, &params.widths());
        prop_assert_eq!(back(block, adapted(&by_record, &params, None)).unwrap(), block);
    }

    #[test]
    fn streams_that_do_not_fit_are_refused(
        params in any_params(),
        bytes in prop::collection::vec(any::<u8>(), 1500),
        which: prop::sample::Index,
        longer: bool,
    ) {
        let len = params.head + params.record() * params.records;
        let mut adapted = adapted(&bytes[..len], &params, None);
        let stream = which.index(adapted.streams.len());
        let data = &mut adapted.streams[stream].data;
        if longer {
            data.push(0);
        } else {
            prop_assume!(data.pop().is_some());
        }
        let refused = back(&bytes[..len], adapted);
        prop_assert!(matches!(refused, Err(Error::Plugin { .. })), "{refused:?}");
    }

    #[test]
    fn hostile_parameters_are_refused_or_do_no_harm(
        params in prop::collection::vec(any::<u8>(), 0..40),
        streams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
        len in 0usize..200,
    ) {
        match Record.inverse(1, &params, streams, len, &Limits::default()) {
            Ok(block) => prop_assert_eq!(block.len(), len),
            Err(Error::Plugin { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn cut_parameters_are_refused(params in any_params()) {
        let params = params.write();
        let last = params.len() - 1;
        // What ends behind a run of fields is only a shorter record.
        for end in 0..last {
            if let Ok(read) = Params::read(&params[..end]) {
                prop_assert_eq!(read.write(), &params[..end]);
            }
        }
    }
}

#[test]
fn unfit_parameters_are_refused() {
    let float = 3 | 2 << 3;
    // Head, records, streams; then a field: kind, run.
    let head = [0, 1, 1];
    let with = |rest: &[u8]| [&head[..], rest].concat();
    assert!(Params::read(&with(&[float, 0])).is_ok());
    let too_many = [float, 0xFF, 0x3F];
    for (bad, what) in [
        (vec![], "nothing"),
        (head.to_vec(), "no fields"),
        (vec![0, 1, 0, float, 0], "no streams"),
        (vec![0, 1, 17, float, 0, 0], "17 streams"),
        (vec![0, 1, 2, float, 2, 0], "a stream that there is not"),
        (
            vec![0x80, 0x80, 0x80, 0x80, 0x80, 1, 1, 1, float, 0],
            "a long number",
        ),
        (with(&[float, 0, float]), "a field without a run"),
        (with(&[&too_many[..], &[float, 0]].concat()), "4097 fields"),
        (with(&[float | 3 << 6, 0]), "an unknown change"),
        (
            with(&[float | 2 << 6, 0, 5 | 1 << 4, 0]),
            "an unknown formula",
        ),
        (with(&[float | 2 << 6, 0, 0]), "no operands"),
        (
            with(&[float | 2 << 6, 0, 1 << 4, 0]),
            "a relation to itself",
        ),
        (
            with(&[float | 2 << 6, 0, 1 << 4, 2]),
            "a relation to no field",
        ),
        (
            with(&[1 | 2 << 3 | 2 << 6, 0, 1 << 4, 2, float, 0]),
            "a relation of 16 bits",
        ),
        (
            with(&[3 | 1 << 3 | 2 << 6, 0, 1 << 4, 2, float, 0]),
            "a relation of whole numbers",
        ),
        (
            with(&[&[3 | 3 << 3, 0, 6][..], &[0; 12]].concat()),
            "an unknown lattice",
        ),
        (
            with(&[&[3 | 3 << 3, 0, 0, 19][..], &[0; 12]].concat()),
            "19 digits",
        ),
        (
            with(&[&[3 | 3 << 3, 0, 1, 61][..], &[0; 12]].concat()),
            "61 bits",
        ),
        (
            with(&[&[3 | 3 << 3, 0, 2][..], &[0; 28]].concat()),
            "a step of 0",
        ),
        (
            with(&[&[1 | 3 << 3, 0, 0, 2][..], &[0; 10]].concat()),
            "decimals of 16 bits",
        ),
        (
            with(&[&[3 | 3 << 3, 0, 4 | 8][..], &[0; 12]].concat()),
            "a reserved bit",
        ),
    ] {
        let refused = Params::read(&bad);
        assert!(matches!(refused, Err(Error::Plugin { .. })), "{what}");
    }
}

#[test]
fn records_beyond_the_block_are_refused() {
    let float = 3 | 2 << 3;
    let huge = [0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
    for (params, len) in [
        ([&[0, 2, 1, float, 0][..]].concat(), 7),
        ([&[5, 1, 1, float, 0][..]].concat(), 8),
        ([&[0][..], &huge, &[1, float, 0]].concat(), 8),
        ([&huge[..], &huge, &[1, float, 0]].concat(), 8),
    ] {
        let refused = Record.inverse(1, &params, vec![vec![0; len]], len, &Limits::default());
        assert!(matches!(refused, Err(Error::Plugin { .. })), "{params:?}");
    }
}

#[test]
fn exceptions_are_all_used() {
    let stored = Stored {
        lattice: Lattice::Decimal(1),
        bytes: 1,
        bottom: 0,
        missing: 0,
    };
    let params = Params {
        head: 0,
        records: 2,
        sections: Vec::new(),
        groups: 1,
        exceptions: true,
        fields: vec![field(4, Kind::Stored(stored))],
    };
    let wire = params.write();
    let inverse = |exceptions: &[u8]| {
        let streams = vec![vec![255, 15], exceptions.to_vec()];
        Record.inverse(1, &wire, streams, 8, &Limits::default())
    };
    let block = [1.25f32, 1.5].map(f32::to_le_bytes).concat();
    assert_eq!(inverse(&1.25f32.to_be_bytes()).unwrap(), block);
    assert!(inverse(&[1, 2, 3]).is_err());
    assert!(inverse(&[1, 2, 3, 4, 5]).is_err());
}
