//! What is found without a header.

use super::*;
use crate::lattice::Lattice;
use crate::params::{Change, Kind};
use crate::relation::Formula;

fn floats(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn lattices(params: &Params) -> Vec<Option<Lattice>> {
    let of = |f: &Field| match f.kind {
        Kind::Stored(stored) => Some(stored.lattice),
        Kind::Number(_) => None,
    };
    params.fields.iter().map(of).collect()
}

#[test]
fn a_grid_of_decimals_with_gaps_takes_two_bytes() {
    let mut noise = noise();
    let values = (0..20_000).map(|i| {
        let t = f64::from(i);
        let smooth = 30.0 + 4.0 * (t / 90.0).sin() + f64::from(noise());
        if i % 1000 < 200 {
            return -1e10;
        }
        ((smooth * 1000.0).round() / 1000.0) as f32
    });
    let data = floats(values);
    let proposals = propose(&data, &Settings::new());
    let adapted = &proposals[0].adapted;
    assert_eq!(
        lattices(&params(&proposals[0])),
        [Some(Lattice::Decimal(3))]
    );
    assert_eq!(adapted.streams.len(), 1, "no exceptions");
    assert_eq!(adapted.streams[0].data.len(), data.len() / 2);
    let number = adapted.streams[0].layout.number.unwrap();
    assert_eq!((number.width, number.phase), (2, 0));
}

#[test]
fn a_few_outliers_are_exceptions() {
    let mut noise = noise();
    let values = (0..20_000).map(|i| match i {
        7_777 | 11_111 => std::f32::consts::PI,
        _ => (noise() * 2000.0).floor() / 8.0,
    });
    let data = floats(values);
    let proposals = propose(&data, &Settings::new());
    let streams = &proposals[0].adapted.streams;
    let exceptions = [std::f32::consts::PI.to_be_bytes(); 2].concat();
    assert_eq!(streams[1].data, exceptions);
}

/// Momentum and energy: E^2 = m^2 + p^2.
#[test]
fn energies_follow_from_momenta() {
    let mut noise = noise();
    let data = floats((0..4000).flat_map(|_| {
        let [x, y, z] = [(); 3].map(|()| 40.0 * (noise() + noise() + noise()));
        let mass = if noise() > 0.0 { 0.1396 } else { 0.4937 };
        let square = |v: f32| f64::from(v) * f64::from(v);
        let energy = (square(x) + square(y) + square(z) + square(mass)).sqrt();
        [energy as f32, x, y, z, mass]
    }));
    let proposals = propose(&data, &Settings::new());
    let params = params(&proposals[0]);
    let Change::Relation(relation) = &params.fields[0].change else {
        panic!("{:?}", params.fields[0]);
    };
    assert_eq!(relation.formula, Formula::Root);
    let mut operands: Vec<_> = relation.operands.iter().map(|o| o.field).collect();
    operands.sort_unstable();
    assert_eq!(operands, [1, 2, 3, 4]);
    let exact = [0x40, 0, 0, 0];
    let records = proposals[0].adapted.streams[0].data.chunks_exact(20);
    assert!(records.clone().all(|r| r[..4] == exact));
}

#[test]
fn what_has_no_structure_is_left_to_others() {
    let mut noise = noise();
    let plain = floats((0..9000).map(|_| (noise() * 9.0).exp()));
    let text = b"It is a truth universally acknowledged, that a single man in ".repeat(90);
    for data in [&plain[..], &text, &[], &[1; 5000]] {
        let proposals = propose(data, &Settings::new());
        let params: Vec<_> = proposals.iter().map(params).collect();
        assert!(params.is_empty(), "{params:?}");
    }
    // But it may be asked for.
    let adapted = Record.forward(&text, &Settings::new()).unwrap();
    assert_eq!(back(&text, adapted).unwrap(), text);
}
