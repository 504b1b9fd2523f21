use umoec_codec::plugin::{Layout, NumberLayout, Settings};

use super::*;
use crate::plan::race;

/// The models of profile `balanced`.
fn settings() -> Settings {
    let text = "models = ['mid-text', 'mid-record', 'machine', 'grid', 'number', 'residual', 'image']
        small_models = ['deep-text', 'deep-record', 'deep-machine', 'deep-grid', 'number', 'residual', 'image']";
    text.parse().unwrap()
}

/// Numbers that look random, the same each time.
fn noise() -> impl FnMut() -> u32 {
    let mut state = 1u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    }
}

/// Data of each kind that there are models for, with what an adapter would say of it.
fn kinds(len: usize) -> Vec<(&'static str, Vec<u8>, Layout)> {
    let mut random = noise();
    let layout = |strides: &[u32], width: u8| Layout {
        strides: strides.to_vec(),
        number: (width > 0).then_some(NumberLayout { width, phase: 0 }),
    };
    let words = [
        "the ", "race ", "of ", "models ", "goes ", "on, ", "and ", "one ", "wins.\n",
    ];
    let text = (0..).flat_map(|_| words[random() as usize % words.len()].bytes());
    let text: Vec<u8> = text.take(len).collect();
    let records: Vec<u8> = (0..len as u32 / 16)
        .flat_map(|i| {
            let mut record = [0u8; 16];
            record[..4].copy_from_slice(&(i * 3).to_le_bytes());
            record[5] = (random() % 7) as u8;
            record[8..12].copy_from_slice(&(1000 + random() % 50).to_le_bytes());
            record[14] = (i / 100) as u8;
            record
        })
        .collect();
    let mut level = 0f32;
    let floats: Vec<u8> = (0..len / 4)
        .flat_map(|i| {
            level += (random() % 1000) as f32 / 1e5 - 0.005;
            let value = 20.0 + (i as f32 / 700.0).sin() + level;
            value.to_be_bytes()
        })
        .collect();
    let row = 600;
    let pixels: Vec<u8> = (0..len)
        .map(|i| {
            let (x, y) = ((i % row / 3) as f32, (i / row) as f32);
            let base = (x / 19.0).sin() * 50.0 + (y / 13.0).cos() * 50.0 + 128.0;
            (base as u8).wrapping_add((i % 3) as u8 * 9 + (random() % 4) as u8)
        })
        .collect();
    let residuals: Vec<u8> = (0..len / 2)
        .flat_map(|_| {
            let sum: i32 = (0..6).map(|_| (random() % 61) as i32 - 30).sum();
            (32_768 + sum).to_be_bytes()[2..].to_vec()
        })
        .collect();
    let code: Vec<u8> = (0..)
        .flat_map(|_| {
            let call = random().is_multiple_of(4);
            let mut bytes = if call {
                vec![0xE8]
            } else {
                vec![0x48, 0x8B, 0x45]
            };
            bytes.extend(
                (random() % 40 * 8)
                    .to_le_bytes()
                    .iter()
                    .take(if call { 4 } else { 1 }),
            );
            bytes
        })
        .take(len)
        .collect();
    vec![
        ("text", text, layout(&[], 0)),
        ("records", records, layout(&[16, 4], 0)),
        ("floats", floats, layout(&[4], 4)),
        ("pixels", pixels, layout(&[3, row as u32], 1)),
        ("residuals", residuals, layout(&[2], 2)),
        ("code", code, layout(&[8, 64], 0)),
    ]
}

/// All on the whole of the sample that decides, nobody being given up.
fn exhaustive<'a>(data: &'a [u8], layout: &Layout) -> Race<'a> {
    let mut race = race(data, layout, &settings(), 0).unwrap();
    race.patient = true;
    race.until(usize::MAX).unwrap();
    race
}

#[test]
fn who_is_given_up_would_not_have_won() {
    let mut others = 0;
    for len in [1_000, 3_000, 20_000, 70_000, 400_000] {
        for (kind, data, layout) in kinds(len) {
            let all = exhaustive(&data, &layout);
            let won = race(&data, &layout, &settings(), 0).unwrap();
            let won = won.winner().unwrap();
            let its = all.runners.iter().find(|runner| runner.params == won);
            let (its, best) = (its.unwrap().judged(), all.best().unwrap().judged());
            // Of noise all are nearly as good, and who is ahead changes to the end.
            assert!(its - best <= best / 64, "{kind} of {len}: {its}, {best}");
            others += usize::from(its > best);
        }
    }
    assert!(others <= 2, "{others}");
}

#[test]
fn those_that_are_far_behind_cost_little() {
    let (mut coded, mut all) = (0, 0);
    for (kind, data, layout) in kinds(400_000) {
        let mut race = race(&data, &layout, &settings(), 0).unwrap();
        let candidates = race.runners.len();
        race.until(usize::MAX).unwrap();
        assert_eq!(race.runners.len(), 1, "{kind}");
        let most = candidates * race.asked;
        // Two or more that are close go on; the others do not.
        assert!(
            race.coded <= most && (candidates < 4 || race.coded < most),
            "{kind}"
        );
        (coded, all) = (coded + race.coded, all + most);
    }
    assert!(coded * 4 < all * 3, "{coded} of {all}");
}

#[test]
fn a_specialist_of_few_bytes_leads_or_goes() {
    let (mut gone, mut won) = (0, 0);
    for (kind, data, layout) in kinds(1_000) {
        let mut race = race(&data, &layout, &settings(), 0).unwrap();
        let specialists = |race: &Race<'_>| race.runners.iter().filter(|r| r.specialist).count();
        let (all, before) = (race.runners.len(), specialists(&race));
        // A byte more would decide: all that go on are seen.
        race.places.enough += 1;
        race.until(data.len()).unwrap();
        // Who may suit anything is never given up so early.
        let left = specialists(&race);
        assert_eq!(all - race.runners.len(), before - left, "{kind}");
        assert!(race.runners.iter().all(|r| r.history.len() == data.len()));
        gone += before - left;
        won += usize::from(race.best().unwrap().specialist);
    }
    assert!(gone >= 6 && won >= 2, "{gone}, {won}");
}

#[test]
fn what_was_tried_is_not_tried_again() {
    let (_, data, layout) = kinds(400_000).swap_remove(1);
    let mut race = race(&data, &layout, &settings(), 0).unwrap();
    race.until(2_000).unwrap();
    let (seen, _) = race.seen();
    assert!((2_000..6_000).contains(&seen), "{seen}");
    race.until(2_000).unwrap();
    assert_eq!(race.seen().0, seen);
    race.until(usize::MAX).unwrap();
    assert_eq!(race.seen().0, race.places.enough);
}

#[test]
fn samples_are_in_phase_and_of_one_length_whatever_the_stride() {
    let rows: Vec<u8> = (0..400_000).map(|i| (i % 7) as u8).collect();
    for len in [0, 10, 20_000, 33_000, 90_000, 400_000] {
        for strides in [&[7u32][..], &[7, 700], &[1, 7007]] {
            let layout = Layout {
                strides: strides.to_vec(),
                number: None,
            };
            let mut race = race(&rows[..len], &layout, &settings(), 0).unwrap();
            race.patient = true;
            race.until(usize::MAX).unwrap();
            let Places { enough, slice, .. } = race.places;
            for runner in &race.runners {
                let got = runner.history.len();
                assert!(
                    got >= enough && got < enough + 4 * slice + 64,
                    "{len} {strides:?} {got} {enough}"
                );
                if runner.stride > 1 {
                    let whole = runner.history.windows(2).all(|w| w[1] == (w[0] + 1) % 7);
                    assert!(whole, "{len} {strides:?}");
                }
            }
        }
    }
}

#[test]
fn hints_that_parameters_cannot_say_are_not_taken() {
    let (_, data, _) = kinds(20_000).swap_remove(1);
    let layout = Layout {
        strides: vec![u32::MAX, 0, 1 << 24, 16],
        number: None,
    };
    let race = race(&data, &layout, &settings(), 0).unwrap();
    for runner in &race.runners {
        let mut written = Vec::new();
        runner.params.write(&mut written);
        assert!(crate::params::Params::read(&written).unwrap() == runner.params);
        assert!(runner.params.strides.iter().all(|&stride| stride <= 16));
    }
    assert!(race.runners.iter().any(|r| r.params.strides[0] == 16));
}
