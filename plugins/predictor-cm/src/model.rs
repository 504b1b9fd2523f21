//! The model: contexts to inputs, inputs to one probability, and back (`spec.md`, section 9).

use umoec_codec::Result;
use umoec_codec::plugin::DecisionCoder;
use umoec_codec::probability::BitProbability;

use crate::advice::{Advice, Alone, At};
use crate::aimed::{self, Aimed};
use crate::apm::Apm;
use crate::direct::{self, Direct};
use crate::matcher::{Follower, Matcher};
use crate::math::{TABLES, Tables};
use crate::mixer::{GROUP, Mixer};
use crate::numeric::Numbers;
use crate::params::Params;
use crate::pixels::Pixels;
use crate::presets::Recipe;
use crate::primed::{self, Beginning};
use crate::running::Bytes;
use crate::runs::{self, Runs};
use crate::selector::{Selector, Situation};
use crate::simd::Ops;
use crate::slots::{self, Slots};
use crate::table::{LINE, Table};
use crate::tracker::{Tracker, fold};
use crate::training::Learned;

/// Contexts of the adaptive probability maps: partial byte, with order 1, with order 2, with
/// the expected byte.
pub(crate) const APM_CONTEXTS: [usize; 4] = [256, 1 << 16, 1 << 16, 1 << 16];
/// What each map's opinion counts, in eighths; the mixer's own counts the rest.
const APM_WEIGHTS: [i32; 4] = [1, 2, 2, 1];
/// The maps learn by 2^-5.
const APM_RATE: u32 = 5;

/// Bytes that count for a hashed context beside the table, and for each that fills up the last group: its
/// counters and what it is at.
const CONTEXT_BYTES: u64 = 1152;
const _: () = assert!(Slots::BYTES + Runs::BYTES <= CONTEXT_BYTES);

/// The state of `cm` within one stream.
pub(crate) struct Model<A = Alone> {
    pub(crate) advice: A,
    tables: &'static Tables,
    selectors: Vec<Selector>,
    /// Boxed, because lanes exchange theirs before each byte.
    tracker: Box<Tracker>,
    slots: Slots,
    runs: Runs,
    direct: Direct,
    aimed: Aimed,
    matchers: Vec<Matcher>,
    mixer: Mixer,
    selected: Vec<u32>,
    apms: Vec<Apm>,
}

impl<A: Advice> Model<A> {
    /// Bytes that a model takes for a stream of `len` bytes.
    pub(crate) fn memory(params: &Params, len: u64) -> u64 {
        let recipe = &params.recipe;
        let table = params.lines() * LINE as u64;
        let slots = recipe.contexts.len().next_multiple_of(GROUP) as u64 * CONTEXT_BYTES;
        let direct = recipe.direct.iter().map(|&context| match context.aim() {
            Some(_) => aimed::MEMORY,
            None => direct::memory(context, len),
        });
        let direct: u64 = direct.sum();
        let matchers = recipe.matches.len() as u64 * Matcher::memory(Params::index_bits(len));
        let mut selectors = sizes(recipe);
        selectors.extend(A::SELECTORS);
        let mixer = Mixer::memory(recipe.inputs() + A::INPUTS, &selectors);
        let used = &APM_CONTEXTS[..usize::from(recipe.apms)];
        let apms: u64 = used.iter().map(|&n| Apm::memory(n)).sum();
        // What followed pairs of bytes, and the fixed tables.
        let small = 1 << 20;
        let strides = params.strides.map(|s| s as usize);
        let pixels = Pixels::memory(params.numbers, strides, len, recipe.uses_pixels());
        table + slots + direct + pixels + matchers + mixer + apms + small + A::MEMORY
    }

    /// A model at the beginning of a stream of `len` bytes.
    pub(crate) fn new(params: &Params, len: u64, advice: A) -> Result<Self> {
        Self::begun(params, len, advice, primed::of(params.preset))
    }

    /// The same, with a beginning of the caller's choice.
    pub(crate) fn begun(
        params: &Params,
        len: u64,
        advice: A,
        beginning: Option<&Beginning>,
    ) -> Result<Self> {
        let recipe = &params.recipe;
        let mut sizes = sizes(recipe);
        sizes.extend(A::SELECTORS);
        let inputs = recipe.inputs() + A::INPUTS;
        let strides = params.strides.map(|s| s as usize);
        let pixels = Pixels::new(params.numbers, strides, len, recipe.uses_pixels())?;
        // What nobody looks at need not be known.
        let numbers = if recipe.sees_numbers() {
            params.numbers
        } else {
            Numbers::default()
        };
        let bits = Params::index_bits(len);
        let matcher = |&least: &u8| Matcher::new(least, strides[0], bits);
        let states = beginning.map_or_else(slots::fresh_counters, |b| b.states);
        let fresh_runs = beginning.map_or(runs::fresh_counters(), |b| b.runs);
        Ok(Self {
            advice,
            tables: &TABLES,
            selectors: recipe.selectors.clone(),
            tracker: Box::new(Tracker::new(strides, numbers, pixels, recipe.sights())),
            slots: Slots::new(
                &recipe.contexts,
                Table::new(params.lines() as usize)?,
                states,
            ),
            runs: Runs::new(usize::from(recipe.runs), fresh_runs),
            direct: Direct::new(&recipe.direct, len)?,
            aimed: Aimed::new(&recipe.direct, len)?,
            matchers: recipe.matches.iter().map(matcher).collect::<Result<_>>()?,
            mixer: Mixer::new(
                inputs,
                &sizes,
                recipe.rates,
                recipe.weight,
                (recipe.inputs(), A::TRUST),
                beginning.and_then(Beginning::mixing::<A>),
            ),
            selected: vec![0; sizes.len()],
            apms: APM_CONTEXTS[..usize::from(recipe.apms)]
                .iter()
                .map(|&n| Apm::new(n, APM_RATE, len))
                .collect::<Result<_>>()?,
        })
    }

    /// What was learned so far, as far as another stream may begin with it.
    pub(crate) fn learned(&mut self) -> Learned {
        let states = self.slots.counters().into_iter().map(|c| *c);
        let runs = self.runs.counters().into_iter().map(|c| *c);
        Learned {
            states: states.collect(),
            runs: runs.collect(),
            weights: self.mixer.weights(),
        }
    }

    /// Puts that in the place of what a stream begins with; lists that are empty change nothing.
    pub(crate) fn begin_with(&mut self, learned: &Learned) {
        for (counters, new) in self.slots.counters().into_iter().zip(&learned.states) {
            *counters = *new;
        }
        for (counters, new) in self.runs.counters().into_iter().zip(&learned.runs) {
            *counters = *new;
        }
        self.mixer.set_weights(&learned.weights);
    }

    /// Puts another lane in the place of the one that is there, which is put in its own place.
    #[inline(always)]
    pub(crate) fn exchange(&mut self, tracker: &mut Box<Tracker>, followers: &mut [Follower]) {
        std::mem::swap(&mut self.tracker, tracker);
        tracker.hand_over(&mut self.tracker);
        for (matcher, follower) in self.matchers.iter_mut().zip(followers) {
            std::mem::swap(&mut matcher.follower, follower);
        }
    }

    /// Hashes the contexts of the next byte, asks for all that they will read, and reads.
    #[inline(always)]
    fn begin_byte(&mut self, history: &[u8]) {
        let expected = self.expected();
        self.ask_for_knots(1);
        self.slots.hash(&self.tracker, history, expected);
        self.direct.hash(&self.tracker, history, expected);
        self.slots.take();
        let slots = &mut self.slots;
        let (lines, hashes) = (&slots.lines, &slots.hashes);
        self.runs.begin(&slots.table, lines, hashes);
    }

    /// Asks for the knots that the bit after `partial` will need, if the matchers keep their
    /// expectation.
    #[inline(always)]
    fn ask_for_knots(&self, partial: u32) {
        let contexts = apm_contexts(&self.tracker, partial, self.expected());
        for (apm, &context) in self.apms.iter().zip(&contexts) {
            apm.prefetch(context as usize);
        }
        self.advice.ask(&self.tracker, partial);
    }

    /// What the first matcher that expects something expects: 256 + byte, or 0.
    #[inline(always)]
    fn expected(&self) -> u32 {
        let expected = self.matchers.iter().map(Matcher::expected);
        expected.into_iter().find(|&e| e != 0).unwrap_or(0)
    }

    /// Length of the match of the first matcher that expects something, or 0.
    #[inline(always)]
    fn length(&self) -> u32 {
        let lengths = self.matchers.iter().map(Matcher::length);
        lengths.into_iter().find(|&n| n != 0).unwrap_or(0)
    }

    /// The probability of a 1, 16 bits. `partial` is 1 followed by the bits so far, `node` the
    /// same within the nibble.
    #[inline(always)]
    fn predict<O: Ops>(&mut self, partial: u32, node: usize) -> u32 {
        let inputs = self.mixer.inputs();
        let seen = self.slots.predict::<O>(node, self.tables, inputs);
        let inputs = &mut inputs[2 * self.slots.len()..];
        self.runs.predict::<O>(partial, self.tables, inputs);
        let rest = &mut inputs[self.runs.len()..];
        let (direct, rest) = rest.split_at_mut(self.direct.len());
        let (aimed, rest) = rest.split_at_mut(self.aimed.len());
        let (matches, rest) = rest.split_at_mut(2 * self.matchers.len());
        let (mut expected, mut length) = (0, 0);
        for (matcher, inputs) in self.matchers.iter_mut().zip(matches.chunks_exact_mut(2)) {
            matcher.predict(partial, self.tables, inputs);
            if expected == 0 {
                (expected, length) = (matcher.expected(), matcher.length());
            }
        }
        let contexts = apm_contexts(&self.tracker, partial, expected);
        self.direct.predict(node, self.tables, direct);
        self.aimed
            .predict(&self.tracker.pixels, partial, self.tables, aimed);
        rest[0] = 256;
        let heard = &mut rest[1..=A::INPUTS];
        let situation = Situation {
            tracker: &self.tracker,
            partial,
            expected,
            length,
            seen,
        };
        for (selected, selector) in self.selected.iter_mut().zip(&self.selectors) {
            *selected = selector.context(&situation);
        }
        let own_selectors = self.selectors.len();
        let at = At {
            tracker: &self.tracker,
            partial,
            expected,
            length,
        };
        let mut advice = [0; 8];
        self.advice.predict(
            at,
            self.tables,
            &mut advice[..A::INPUTS],
            &mut self.selected[own_selectors..],
        );
        for (input, &opinion) in heard.iter_mut().zip(&advice) {
            *input = opinion as i16;
        }
        let x = self.mixer.mix::<O>(&self.selected, partial as usize);
        let own = 8 - APM_WEIGHTS[..self.apms.len()].iter().sum::<i32>();
        let mut sum = own * self.tables.squash(x);
        for ((apm, &context), weight) in self.apms.iter_mut().zip(&contexts).zip(APM_WEIGHTS) {
            sum += weight * apm.refine(x, context as usize);
        }
        self.advice.refine(x, (sum + 4) / 8).clamp(1, 65_535) as u32
    }

    /// Learns a bit.
    #[inline(always)]
    fn update<O: Ops>(&mut self, partial: u32, node: usize, bit: u32) {
        self.slots.update::<O>(node, bit);
        self.runs.update::<O>(bit);
        self.direct.update::<O>(node, bit);
        self.aimed.update(bit);
        for matcher in &mut self.matchers {
            matcher.update(bit, partial);
        }
        self.mixer.update::<O>(bit);
        self.advice.update(bit);
        for apm in &mut self.apms {
            apm.update(bit);
        }
    }

    /// Codes the byte that follows `history`, once there is advice.
    #[inline(always)]
    pub(crate) fn byte<O: Ops>(&mut self, coder: &mut dyn DecisionCoder, history: &[u8]) -> u8 {
        self.begin_byte(history);
        let mut partial = 1u32;
        for position in 0..8 {
            if position == 2 {
                self.slots.look_ahead(partial);
            }
            if position == 4 {
                self.slots.turn(partial);
                self.direct.turn(partial);
            }
            let depth = 1 << (position & 3);
            let node = (partial as usize & (depth - 1)) | depth;
            let p = self.predict::<O>(partial, node);
            let bit = u32::from(coder.bit(BitProbability::clamped(p)));
            let next = (partial << 1) | bit;
            if position < 7 {
                self.ask_for_knots(next);
            }
            self.update::<O>(partial, node, bit);
            partial = next;
        }
        partial as u8
    }

    /// Learns a whole byte, already the last of `history`.
    #[inline(always)]
    pub(crate) fn end_byte(&mut self, byte: u8, history: &[u8]) {
        self.slots.put_back();
        self.runs.push(byte, &mut self.slots.table);
        self.tracker.push(byte, history);
        for matcher in &mut self.matchers {
            matcher.push(history);
        }
        if history.len().is_multiple_of(1024) {
            self.mixer.cool();
        }
    }
}

/// The contexts of the adaptive probability maps.
#[inline(always)]
fn apm_contexts(tracker: &Tracker, partial: u32, expected: u32) -> [u32; 4] {
    let c4 = tracker.c4;
    [
        partial,
        (c4 & 255) << 8 | partial,
        fold(fold(partial, c4 & 0xFFFF), 1) & 0xFFFF,
        (expected << 8 | partial) & 0xFFFF,
    ]
}

/// Contexts of each selector.
fn sizes(recipe: &Recipe) -> Vec<usize> {
    recipe.selectors.iter().map(|s| s.size()).collect()
}

impl<A: Advice> Bytes for Model<A> {
    #[inline(always)]
    fn code<O: Ops>(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            if !self.advice.begin(history, self.length()) {
                return;
            }
            let byte = self.byte::<O>(coder, history);
            history.push(byte);
            self.end_byte(byte, history);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::{Advised, Adviser};
    use crate::lean::Lean;
    use crate::matcher::BACK;
    use crate::presets;
    use crate::running::Running;
    use crate::simd::Kernel;
    use umoec_codec::plugin::PredictorState;
    use umoec_codec::probability::ByteDistribution;

    /// Answers with `data` and keeps every probability it was asked under.
    struct Recorder<'a> {
        data: &'a [u8],
        asked: Vec<u32>,
    }

    impl DecisionCoder for Recorder<'_> {
        fn bit(&mut self, one: BitProbability) -> bool {
            let at = self.asked.len();
            self.asked.push(one.one());
            (self.data[at / 8] >> (7 - at % 8)) & 1 == 1
        }

        fn byte(&mut self, _: &ByteDistribution) -> u8 {
            unreachable!("cm codes bits")
        }

        fn seek(&mut self, _: usize) {}
    }

    fn content() -> Vec<u8> {
        let mut state = 7u32;
        (0..6000u32)
            .flat_map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let text = format!("{i},{},the {} of\n", i * i % 977, state >> 29);
                if i % 3 == 0 {
                    state.to_le_bytes().to_vec()
                } else {
                    text.into_bytes()
                }
            })
            .take(20_000)
            .collect()
    }

    fn params(preset: &presets::Preset) -> Params {
        let strides = match &preset.recipe {
            recipe if recipe.uses_pixels() => [6, 24],
            recipe if recipe.uses_strides()[0] => [3, 12],
            _ => [0, 0],
        };
        let size = Params::size_for(1 << 12);
        Params {
            recipe: preset.recipe.clone(),
            preset: preset.number,
            size,
            strides,
            numbers: match &preset.recipe {
                recipe if recipe.uses_pixels() => Numbers { width: 2, phase: 1 },
                recipe if recipe.uses_numbers() => Numbers { width: 4, phase: 3 },
                _ => Numbers::default(),
            },
        }
    }

    fn model(params: &Params, data: &[u8], kernel: Kernel) -> Running<Model> {
        let model = Model::new(params, data.len() as u64, Alone).unwrap();
        Running { model, kernel }
    }

    fn probabilities(model: &mut dyn PredictorState, data: &[u8], piece: usize) -> Vec<u32> {
        let mut recorder = Recorder {
            data,
            asked: Vec::new(),
        };
        let mut history = Vec::new();
        while history.len() < data.len() {
            let len = piece.min(data.len() - history.len());
            model.code(len, &mut recorder, &mut history);
        }
        assert!(history == data);
        recorder.asked
    }

    #[test]
    fn every_kernel_and_any_pieces_give_the_same_probabilities() {
        let data = content();
        for preset in presets::all() {
            let params = params(preset);
            let reference = model(&params, &data, Kernel::Scalar);
            let reference = probabilities(&mut { reference }, &data, data.len());
            for kernel in Kernel::available() {
                let again = probabilities(&mut model(&params, &data, kernel), &data, 777);
                assert!(
                    again == reference,
                    "{kernel:?} differs with preset {}",
                    preset.name
                );
            }
        }
    }

    #[test]
    fn small_models_say_the_same_on_the_fast_path() {
        let data = content();
        let mut small = 0;
        for preset in presets::all().iter().filter(|p| Lean::fits(&p.recipe)) {
            small += 1;
            let params = params(preset);
            let mut reference = model(&params, &data, Kernel::Scalar);
            let reference = probabilities(&mut reference, &data, data.len());
            for kernel in Kernel::available() {
                let model = Lean::new(&params, data.len() as u64).unwrap();
                let again = probabilities(&mut Running { model, kernel }, &data, 777);
                assert!(again == reference, "{kernel:?}, preset {}", preset.name);
            }
        }
        assert_eq!(
            small, 2,
            "both models of profile `turbo` take the fast path"
        );
        // The same, with a matcher that goes back.
        let mut params = params(presets::by_name("fast-record").unwrap());
        (params.preset, params.recipe.matches, params.strides) = (0, vec![BACK], [16, 0]);
        let rows = || content().into_iter().take(4800).collect::<Vec<u8>>();
        let back = rows().rchunks(16).flatten().copied().collect();
        let data = [rows(), back].concat();
        let mut reference = model(&params, &data, Kernel::Scalar);
        let reference = probabilities(&mut reference, &data, data.len());
        let model = Lean::new(&params, data.len() as u64).unwrap();
        let kernel = Kernel::detect();
        let again = probabilities(&mut Running { model, kernel }, &data, 777);
        assert!(again == reference, "back");
    }

    #[test]
    fn a_model_learns() {
        let data = &b"All work and no play makes Jack a dull boy. ".repeat(60)[..];
        for preset in presets::all() {
            let params = params(preset);
            let model = model(&params, data, Kernel::detect());
            let asked = probabilities(&mut { model }, data, data.len());
            let bits: f64 = asked
                .iter()
                .enumerate()
                .map(|(i, &p)| {
                    let one = (data[i / 8] >> (7 - i % 8)) & 1 == 1;
                    16.0 - f64::from(if one { p } else { 65_536 - p }).log2()
                })
                .sum();
            assert!(
                bits / 8.0 < data.len() as f64 / 12.0,
                "{}: {} bytes",
                preset.name,
                bits / 8.0
            );
        }
    }

    /// An adviser of random opinions, the same for each kind of adviser.
    struct Blind(u64, [u32; 256]);

    impl Adviser for Blind {
        fn advise(&mut self, _: &[u8]) -> Option<&[u32; 256]> {
            for weight in &mut self.1 {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *weight = 1 << (self.0 >> 60);
            }
            Some(&self.1)
        }
    }

    /// An adviser that mostly knows what comes.
    struct Seer(Vec<u8>, [u32; 256]);

    impl Adviser for Seer {
        fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
            self.1.fill(1);
            self.1[usize::from(self.0[history.len()])] = 1 << 20;
            Some(&self.1)
        }
    }

    fn cost(model: &mut dyn PredictorState, data: &[u8]) -> u64 {
        let mut meter = umoec_codec::plugin::Meter::new(data);
        model.code(data.len(), &mut meter, &mut Vec::new());
        meter.cost() >> 19
    }

    #[test]
    fn advice_helps_if_it_is_good_and_costs_little_if_it_is_not() {
        let data = content();
        for preset in presets::all().iter().filter(|p| !Lean::fits(&p.recipe)) {
            let params = params(preset);
            let mut alone = model(&params, &data, Kernel::detect());
            let alone = cost(&mut alone, &data);
            let with = |advice: &mut dyn PredictorState| cost(advice, &data);
            let kernel = Kernel::detect();
            let advice = Advised::new(Blind(3, [0; 256]), u32::MAX, data.len() as u64).unwrap();
            let model = Model::new(&params, data.len() as u64, advice).unwrap();
            let blind = with(&mut Running { model, kernel });
            assert!(
                blind < alone + alone / 20,
                "{}: {blind} {alone}",
                preset.name
            );
            let advice =
                Advised::new(Seer(data.clone(), [0; 256]), u32::MAX, data.len() as u64).unwrap();
            let model = Model::new(&params, data.len() as u64, advice).unwrap();
            let seer = with(&mut Running { model, kernel });
            assert!(seer < alone / 20, "{}: {seer} {alone}", preset.name);
        }
    }

    /// Notes where it was asked.
    struct Witness(std::rc::Rc<std::cell::RefCell<Vec<usize>>>, [u32; 256]);

    impl Adviser for Witness {
        fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
            self.0.borrow_mut().push(history.len());
            Some(&self.1)
        }
    }

    #[test]
    fn an_adviser_rests_where_a_match_is_long() {
        let line = b"It is asked about this line once, and about its copy only at first. ";
        let data = [&line[..], line, b"Then again."].concat();
        let preset = presets::all().iter().find(|p| p.name == "text").unwrap();
        let params = params(preset);
        let asked_with = |rest| {
            let asked = std::rc::Rc::default();
            let witness = Witness(std::rc::Rc::clone(&asked), [1; 256]);
            let advice = Advised::new(witness, rest, data.len() as u64).unwrap();
            let model = Model::new(&params, data.len() as u64, advice).unwrap();
            let kernel = Kernel::detect();
            let asked_for = probabilities(&mut Running { model, kernel }, &data, 7);
            assert_eq!(asked_for.len(), 8 * data.len());
            asked.take()
        };
        assert_eq!(asked_with(u32::MAX), (0..data.len()).collect::<Vec<_>>());
        let asked = asked_with(10);
        // The least match is 5 bytes, found a byte later.
        let (copy, end) = (line.len(), 2 * line.len());
        let rests = copy + 10..=end;
        let expected = (0..data.len()).filter(|at| !rests.contains(at));
        assert_eq!(asked, expected.collect::<Vec<_>>());
    }

    #[test]
    fn the_declared_memory_holds_every_allocation_that_grows() {
        for preset in presets::all() {
            let params = params(preset);
            assert!(Model::<Alone>::memory(&params, 1 << 20) >= params.lines() * LINE as u64);
            assert!(Model::<Alone>::memory(&params, 1 << 40) >= Model::<Alone>::memory(&params, 1));
        }
    }
}
