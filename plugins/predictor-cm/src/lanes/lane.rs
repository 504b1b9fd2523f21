//! One lane: what it has for itself, and how its bytes are thought about and coded.

use umoec_codec::Result;
use umoec_codec::plugin::DecisionCoder;

use crate::advice::{Advised, Adviser, Opinion};
use crate::matcher::Follower;
use crate::model::Model;
use crate::params::Params;
use crate::simd::Ops;
use crate::tracker::Tracker;

/// One lane.
pub(super) struct Lane<A> {
    adviser: A,
    opinion: Opinion,
    /// Whether that is the opinion on the next byte.
    thought: bool,
    pub(super) tracker: Box<Tracker>,
    followers: Vec<Follower>,
    /// The bytes that this lane coded, which is what its adviser sees.
    pub(super) own: Vec<u8>,
    /// Where in the stream it is, and where its segment ends.
    pub(super) at: usize,
    pub(super) end: usize,
}

/// What the lanes have together.
pub(super) struct Common {
    pub(super) model: Model<Advised<()>>,
    /// The stream; 0 where no lane has been.
    pub(super) stream: Vec<u8>,
}

impl<A: Adviser> Lane<A> {
    /// A lane at the beginning of a stream of `cm` with these parameters.
    pub(super) fn new(params: &Params, adviser: A) -> Result<Self> {
        Ok(Self {
            adviser,
            opinion: Opinion::new(),
            thought: false,
            tracker: Box::new(Tracker::without_pairs(params)?),
            followers: vec![Follower::default(); params.recipe.matches.len()],
            own: Vec::new(),
            at: 0,
            end: 0,
        })
    }

    #[cfg(test)]
    pub(super) fn adviser(&self) -> &A {
        &self.adviser
    }

    /// Whether the adviser has to be asked before the next byte.
    #[inline(always)]
    fn wonders(&mut self, rest: u32) -> bool {
        if self.at >= self.end || self.thought {
            return false;
        }
        let lengths = self.followers.iter().map(Follower::length);
        let length = lengths.into_iter().find(|&n| n != 0).unwrap_or(0);
        self.thought = self.opinion.rests(length, rest);
        !self.thought
    }

    /// Asks it. `false` where it failed.
    #[inline(always)]
    fn ask(&mut self) -> bool {
        let Some(weights) = self.adviser.advise(&self.own) else {
            return false;
        };
        self.opinion.hear(weights);
        self.thought = true;
        true
    }

    /// Codes the next byte.
    #[inline(always)]
    pub(super) fn code<O: Ops>(&mut self, common: &mut Common, coder: &mut dyn DecisionCoder) {
        let (model, stream) = (&mut common.model, &mut common.stream);
        model.exchange(&mut self.tracker, &mut self.followers);
        std::mem::swap(&mut model.advice.opinion, &mut self.opinion);
        coder.seek(self.at);
        let byte = model.byte::<O>(coder, &stream[..self.at]);
        stream[self.at] = byte;
        self.at += 1;
        model.end_byte(byte, &stream[..self.at]);
        std::mem::swap(&mut model.advice.opinion, &mut self.opinion);
        model.exchange(&mut self.tracker, &mut self.followers);
        self.own.push(byte);
        self.thought = false;
    }
}

/// Asks the advisers of all these lanes about their next bytes, of two at a time where both want to know. `false` where one
/// failed.
#[inline(always)]
pub(super) fn think<A: Adviser>(lanes: &mut [Lane<A>], rest: u32) -> bool {
    lanes.chunks_mut(2).all(|lanes| match lanes {
        [one, other] => match [one.wonders(rest), other.wonders(rest)] {
            [false, false] => true,
            [true, true] => ask_both(one, other),
            [first, _] => {
                A::part([&mut one.adviser, &mut other.adviser])
                    && if first { one.ask() } else { other.ask() }
            }
        },
        lanes => lanes
            .iter_mut()
            .all(|lane| !lane.wonders(rest) || lane.ask()),
    })
}

#[inline(always)]
fn ask_both<A: Adviser>(one: &mut Lane<A>, other: &mut Lane<A>) -> bool {
    let advisers = [&mut one.adviser, &mut other.adviser];
    let Some([first, second]) = A::advise_both(advisers, [&one.own, &other.own]) else {
        return false;
    };
    one.opinion.hear(first);
    other.opinion.hear(second);
    (one.thought, other.thought) = (true, true);
    true
}

/// After the last [`think`] of these lanes, in this order. `false` where an adviser failed.
pub(super) fn part<A: Adviser>(lanes: &mut [Lane<A>]) -> bool {
    lanes.chunks_mut(2).all(|lanes| match lanes {
        [one, other] => A::part([&mut one.adviser, &mut other.adviser]),
        _ => true,
    })
}
