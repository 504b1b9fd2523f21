//! No architecture looks ahead: what is predicted of a byte is the same whatever that byte and those after
//! it are, in the exported graph and in the training passes, which see whole stretches at once.

use std::sync::Arc;

use umoec_exact::{ModelLimits, Reference, StepModel, Stepper};
use umoec_trainer::checkpoint::Trained;
use umoec_trainer::conditions::Conditions;
use umoec_trainer::config::{
    AdalnConfig, AttentionConfig, BlockConfig, Config, GruConfig, Mamba2Config, MixerConfig,
    MlpConfig, ModConfig, MoeConfig, PatchConfig, TableConfig,
};
use umoec_trainer::context::{Context, HISTORY, RecallConfig};
use umoec_trainer::export::export;
use umoec_trainer::layer::Rule;
use umoec_trainer::random::Random;
use umoec_trainer::trainer::initial_parameters;

use crate::common::{prose, smoke};
use crate::passes::{stream, stretch};

/// Bytes of a stream.
const BYTES: usize = 90;
/// The bytes that are changed: the first, some in the midst, the last but one.
const CHANGED: [usize; 5] = [0, 1, 31, 64, BYTES - 2];

/// An architecture: its blocks, and whether they remember what the n-gram tables do not see.
pub(crate) struct Architecture {
    pub(crate) name: &'static str,
    blocks: Vec<BlockConfig>,
    /// One more table.
    table: Option<TableConfig>,
    remembers: bool,
}

/// One line for each: a new kind of block is added here.
pub(crate) fn architectures() -> Vec<Architecture> {
    let of = |name, remembers, blocks| Architecture {
        name,
        blocks,
        table: None,
        remembers,
    };
    let recalling = |architecture| Architecture {
        table: Some(TableConfig {
            // So few slots that each is soon asked for again.
            context: Context::Recall(RecallConfig { bytes: 2, slots: 4 }),
            bits: 10,
        }),
        ..architecture
    };
    let everything = vec![
        adaln(mamba2(8)),
        part(0.5, mlp()),
        patch(
            4,
            vec![moe(), attention(), patch(2, vec![adaln(gru()), mlp()])],
        ),
        mixer(9),
        adaln(part(0.5, moe())),
    ];
    vec![
        of("no blocks", false, vec![]),
        of("mlp", false, vec![mlp()]),
        of("mixer", true, vec![mixer(9)]),
        of(
            "mixers and mlps",
            true,
            vec![mixer(9), mlp(), mixer(11), mlp()],
        ),
        of("moe", false, vec![moe()]),
        of("attention", true, vec![attention()]),
        of("gru", true, vec![gru()]),
        of("mamba2", true, vec![mamba2(8)]),
        of(
            "mamba2, mlp, mixer",
            true,
            vec![mamba2(8), mlp(), mamba2(11), mixer(9)],
        ),
        of("adaln", true, vec![adaln(mixer(9))]),
        of("mod", false, vec![part(0.5, mlp())]),
        of("mod of experts", false, vec![part(0.5, moe())]),
        of("patch", true, vec![patch(4, vec![mixer(9)])]),
        of("long patch", true, vec![patch(16, vec![mlp()])]),
        recalling(of("recall", true, vec![mlp()])),
        recalling(of("everything", true, everything)),
    ]
}

const CHANNELS: usize = 32;
const HEADS: usize = 4;
const STATES: usize = 8;

fn mlp() -> BlockConfig {
    BlockConfig::Mlp(MlpConfig { hidden: 48 })
}

fn mixer(shift: i32) -> BlockConfig {
    BlockConfig::Mixer(MixerConfig {
        channels: CHANNELS,
        heads: HEADS,
        states: STATES,
        shift,
    })
}

fn mamba2(shift: i32) -> BlockConfig {
    BlockConfig::Mamba2(Mamba2Config {
        channels: CHANNELS,
        heads: HEADS,
        states: STATES,
        shift,
    })
}

fn moe() -> BlockConfig {
    BlockConfig::Moe(MoeConfig {
        experts: 6,
        shared: 1,
        chosen: 2,
        hidden: 16,
    })
}

fn attention() -> BlockConfig {
    BlockConfig::Attention(AttentionConfig {
        heads: 2,
        head_width: 8,
        latent: 8,
        window: 16,
    })
}

fn gru() -> BlockConfig {
    BlockConfig::Gru(GruConfig {
        channels: CHANNELS,
        shift: 9,
    })
}

/// Told of the bytes before alone: what it is told of the whole stream, the frame holds.
fn adaln(inner: BlockConfig) -> BlockConfig {
    BlockConfig::Adaln(AdalnConfig {
        inner: Box::new(inner),
    })
}

fn part(capacity: f32, inner: BlockConfig) -> BlockConfig {
    BlockConfig::Mod(ModConfig {
        capacity,
        inner: Box::new(inner),
    })
}

fn patch(bytes: usize, blocks: Vec<BlockConfig>) -> BlockConfig {
    BlockConfig::Patch(PatchConfig {
        bytes,
        width: 32,
        blocks,
    })
}

impl Architecture {
    /// The network before training, but that its matrices are four times what they begin with, or something where they
    /// begin as nothing: all blocks speak up.
    pub(crate) fn network(&self) -> Trained {
        let mut config: Config = smoke();
        config.model.blocks.clone_from(&self.blocks);
        // Words may be long: only tables with a bound.
        let bounded = |table: &TableConfig| matches!(table.context, Context::Bytes(_));
        config.model.tables.retain(bounded);
        config.model.tables.extend(self.table);
        if self
            .blocks
            .iter()
            .any(|b| matches!(b, BlockConfig::Adaln(_)))
        {
            config.model.conditions = Conditions::Local;
        }
        config.check().unwrap();
        let mut random = Random::new(6, 0);
        let (mut parameters, blocks) = initial_parameters(&config);
        for (parameters, blocks) in parameters.iter_mut().zip(&blocks) {
            let mut rest = &mut parameters[..];
            for block in blocks {
                let (values, tail) = rest.split_at_mut(block.size());
                rest = tail;
                if block.rule == Rule::Matrix {
                    let silent = block.deviation == 0.0;
                    let some = |value: &mut f32| match silent {
                        true => *value = 0.1 * random.normal(),
                        false => *value *= 4.0,
                    };
                    values.iter_mut().for_each(some);
                }
            }
        }
        let mut trained = Trained::initial(config);
        trained.parameters = parameters;
        trained
    }
}

/// The logits before each byte of `texts`, lane by lane, each lane a stream.
pub(crate) fn logits(model: &Arc<StepModel>, texts: &[Vec<u8>]) -> Vec<Vec<Vec<i32>>> {
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
            let next = at + 1;
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
