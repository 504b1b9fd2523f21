//! No architecture looks ahead: what is predicted of a byte is the same whatever that byte and those after
//! it are, in the exported graph and in the training passes, which see whole stretches at once.

use std::sync::Arc;

use umoec_exact::{ModelLimits, Reference, StepModel, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::config::{
    BlockConfig, Config, Mamba2Config, MixerConfig, MlpConfig, TableConfig,
};
use umoec_trainer::context::{Context, HISTORY};
use umoec_trainer::export::export;
use umoec_trainer::layer::Rule;
use umoec_trainer::trainer::initial_parameters;

use crate::common::{prose, smoke};
use crate::passes::{stream, stretch};

/// Bytes of a stream.
const BYTES: usize = 90;
/// The bytes that are changed: the first, some in the midst, the last but one.
const CHANGED: [usize; 5] = [0, 1, 31, 64, BYTES - 2];
/// An architecture: its blocks, and whether they remember what the n-gram tables do not see.
struct Architecture {
    name: &'static str,
    blocks: Vec<BlockConfig>,
    remembers: bool,
}

/// One line for each: a new kind of block is added here.
fn architectures() -> Vec<Architecture> {
    let of = |name, remembers, blocks| Architecture {
        name,
        blocks,
        remembers,
    };
    let mlp = || BlockConfig::Mlp(MlpConfig { hidden: 48 });
    let (channels, heads, states) = (32, 4, 8);
    let mixer = |shift| {
        BlockConfig::Mixer(MixerConfig {
            channels,
            heads,
            states,
            shift,
        })
    };
    let mamba2 = |shift| {
        BlockConfig::Mamba2(Mamba2Config {
            channels,
            heads,
            states,
            shift,
        })
    };
    vec![
        of("no blocks", false, vec![]),
        of("mlp", false, vec![mlp()]),
        of("mixer", true, vec![mixer(9)]),
        of(
            "mixers and mlps",
            true,
            vec![mixer(9), mlp(), mixer(11), mlp()],
        ),
        of("mamba2", true, vec![mamba2(8)]),
        of(
            "mamba2, mlp, mixer",
            true,
            vec![mamba2(8), mlp(), mamba2(11), mixer(9)],
        ),
    ]
}

impl Architecture {
    /// The network before training, but that its matrices are four times what they begin with: all blocks
    /// speak up.
    fn network(&self) -> Trained {
        let mut config: Config = smoke();
        config.model.blocks.clone_from(&self.blocks);
        // Words may be long: only tables with a bound.
        let bounded = |table: &TableConfig| matches!(table.context, Context::Bytes(_));
        config.model.tables.retain(bounded);
        let (mut parameters, blocks) = initial_parameters(&config);
        for (parameters, blocks) in parameters.iter_mut().zip(&blocks) {
            let mut rest = &mut parameters[..];
            for block in blocks {
                let (values, tail) = rest.split_at_mut(block.size());
                rest = tail;
                if block.rule == Rule::Muon {
                    values.iter_mut().for_each(|value| *value *= 4.0);
                }
            }
        }
        let mut trained = Trained::initial(config);
        trained.parameters = parameters;
        trained
    }
}

/// The logits before each byte of `texts`, lane by lane, each lane a stream.
fn logits(model: &Arc<StepModel>, texts: &[Vec<u8>]) -> Vec<Vec<Vec<i32>>> {
    let mut stepper = Reference::new(Arc::clone(model), texts.len()).unwrap();
    let mut last = vec![model.interface().start; texts.len()];
    let mut out = vec![0; texts.len() * 256];
    let mut seen = vec![Vec::new(); texts.len()];
    for _ in 0..BYTES {
        stepper.step(&last, &mut out).unwrap();
        for (lane, logits) in out.chunks_exact(256).enumerate() {
            seen[lane].push(logits.to_vec());
            last[lane] = texts[lane][seen[lane].len() - 1];
        }
    }
    seen
}

/// Checks rows of `before` and `after`, one a byte, where byte `at` was changed.
fn check<T: PartialEq>(name: &str, at: usize, remembers: bool, before: &[T], after: &[T]) {
    let first = before.iter().zip(after).position(|(a, b)| a != b);
    assert_eq!(
        first,
        Some(at + 1),
        "{name}: where a change of byte {at} is first heard"
    );
    let later = (at + 1 + HISTORY).min(BYTES);
    let heard = before[later..] != after[later..];
    // Near the end there is no later.
    assert!(
        !heard || remembers,
        "{name}: byte {at} is heard without a memory"
    );
    assert!(
        heard || !remembers || later + 8 > BYTES,
        "{name}: byte {at} is forgotten"
    );
}

#[test]
fn a_byte_changes_no_logit_of_the_graph_at_or_before_itself_or_in_another_lane() {
    for architecture in architectures() {
        let name = architecture.name;
        let file = export(&architecture.network()).unwrap();
        let model = Arc::new(StepModel::load(&file, &ModelLimits::default()).unwrap());
        let texts: Vec<Vec<u8>> = (0..3).map(|lane| prose(20 + lane, BYTES)).collect();
        let before = logits(&model, &texts);
        for at in CHANGED {
            let mut changed = texts.clone();
            changed[1][at] ^= 0x15;
            let after = logits(&model, &changed);
            check(name, at, architecture.remembers, &before[1], &after[1]);
            assert!(
                before[0] == after[0] && before[2] == after[2],
                "{name}: lanes meet"
            );
        }
    }
}

#[test]
fn a_byte_changes_nothing_of_the_training_pass_at_or_before_itself_or_in_the_next_stream() {
    for architecture in architectures() {
        let (name, network) = (architecture.name, architecture.network());
        let model = &network.config.model;
        let of = |text: &[u8], starts: &[usize]| {
            let stretch = stretch(model, text, starts);
            let flat = stream(model, &stretch, &network.parameters, &network.tables);
            let rows = flat.chunks_exact(model.width).map(<[f32]>::to_vec);
            rows.collect::<Vec<_>>()
        };
        let text = prose(30, BYTES);
        for at in CHANGED {
            let mut changed = text.clone();
            changed[at] ^= 0x15;
            let [before, after] = [&text, &changed].map(|text| of(text, &[0]));
            check(name, at, architecture.remembers, &before, &after);
            // The tables know no streams here: from where they see the change no more, a stream that begins
            // is the same.
            let next = at + 1 + HISTORY;
            if next < BYTES {
                let [before, after] = [&text, &changed].map(|text| of(text, &[0, next]));
                assert!(
                    before[next..] == after[next..],
                    "{name}: a stream hears of byte {at} of another"
                );
            }
        }
    }
}
