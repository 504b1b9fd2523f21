//! Two states that make their steps together.

use umoec_codec::Limits;
use umoec_codec::plugin::Settings;

use super::tiny;
use crate::{Backend, Loaded, Network};

fn network() -> Network {
    let models = [tiny()];
    let params = Network::plan(b"", &Settings::new(), &models, 64).unwrap();
    Network::open(&params, &models, &Limits::default()).unwrap()
}

#[test]
fn two_together_say_what_each_says_alone() {
    let network = network();
    let mut pair = network
        .pair()
        .unwrap()
        .expect("the fused engine is what is taken");
    let started = || network.start().unwrap();
    let (mut stay, mut go) = ([started(), started()], [started(), started()]);
    let mut together = 0;
    for step in 0..200u32 {
        let bytes = [
            (step * step % 251) as u8,
            b"pairs and lanes "[step as usize % 16],
        ];
        let wanted = [0, 1].map(|lane| *stay[lane].next(Some(bytes[lane])).unwrap());
        let [one, other] = &mut go;
        // Long and short ways together, and parted where nothing was joined.
        let found = if step * 7 % 31 < 20 {
            together += 1;
            pair.next([one, other], bytes)
                .unwrap()
                .map(|weights| *weights)
        } else {
            pair.part([&mut *one, &mut *other]).unwrap();
            [one.next(Some(bytes[0])), other.next(Some(bytes[1]))].map(|weights| *weights.unwrap())
        };
        assert!(found == wanted, "step {step}");
    }
    assert!((100..150).contains(&together));
}

#[test]
fn other_backends_have_no_pairs() {
    let mut network = network();
    for backend in [Backend::Tract, Backend::Reference] {
        network.prepared = Loaded::new(tiny()).unwrap().prepare(backend, 1).unwrap();
        assert!(network.pair().unwrap().is_none());
    }
}
