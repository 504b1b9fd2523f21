//! A race of models: all candidates code a sample of a stream, piece by piece, and those that fall far behind
//! are given up. What is coded once is not coded again: a sample that was not enough goes on.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use umoec_codec::Result;
use umoec_codec::plugin::{Meter, PredictorState};

use crate::params::Params;
use crate::plan::table_size;
use crate::simd::Kernel;

/// Least bytes after which a candidate may be given up.
const FIRST: usize = 1 << 10;
/// By what part of the best cost a candidate may be behind, as a divisor, where the sample is so many parts of 32 of what
/// decides. (In 40 streams of binary training data the later winner was at most 3.0 % behind at 4, 1.4 % at 8 and 0.9 % at 16; one
/// that looks far back, in a database, 7 % at 4.)
const PARTS: usize = 32;
const BEHIND: [(usize, u64); 5] = [(1, 6), (4, 10), (8, 20), (16, 33), (24, 50)];
/// In streams that decide before twice [`FIRST`]: bytes after which a specialist is given up that is behind the best by more than this
/// part of its cost, as a divisor. (In 517 streams of 1 KiB and less, of training data, specialists won 9; so 5 of these are lost, and a
/// fifth of the time is saved.)
const EARLY: usize = 256;
const EARLY_BEHIND: u64 = 50;
/// By what part a table in a text has to be better than its lines: short pieces of a text have few of them, and
/// what looks like a table may be an accident.
const DOUBT: u64 = 32;

/// Where the sample is taken from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    /// Places, evenly spread; 1 is the beginning of the data.
    pub(crate) count: usize,
    /// Bytes of the sample that decides.
    pub(crate) enough: usize,
    /// Bytes that are taken from a place at once, at least.
    pub(crate) slice: usize,
}

impl Places {
    /// The places in `len` bytes in rows of `stride`: each in the middle of its part of the data, from the start of a row
    /// to where the next one starts.
    fn of(&self, len: usize, stride: usize) -> Vec<Range<usize>> {
        if self.count == 1 {
            return std::iter::once(0..len).collect();
        }
        let part = len / self.count;
        let margin = part.saturating_sub(self.enough.div_ceil(self.count)) / 2;
        let start = |number: usize| (number * part + margin) / stride * stride;
        // Half a row would put out of phase what follows it.
        let end = |number: usize| match number + 1 {
            next if next == self.count => start(number) + (len - start(number)) / stride * stride,
            next => start(next),
        };
        (0..self.count).map(|n| start(n)..end(n)).collect()
    }
}

/// A candidate on its way.
struct Runner {
    params: Params,
    /// Whether it sees a table in a text.
    doubtful: bool,
    /// Whether it is for data of one kind, of which it knows much from the start: machine code, numbers, images.
    specialist: bool,
    /// Its distance of rows, or of elements: pieces are in phase with one another under it.
    stride: usize,
    /// From its first piece on.
    state: Option<Box<dyn PredictorState + Send>>,
    history: Vec<u8>,
    /// What of the data it may code: from each place on.
    places: Vec<Range<usize>>,
    cost: u64,
    /// What it was judged by at [`EARLY`], where that is asked.
    early: Option<u64>,
    given_up: bool,
}

impl Runner {
    fn new(params: Params, text: bool, len: usize, places: &Places) -> Self {
        let stride = params.strides[0].max(params.strides[1]).max(1) as usize;
        Self {
            doubtful: text && params.strides != [0, 0],
            specialist: params.recipe.uses_numbers() || params.recipe.sights().machine,
            places: places.of(len, stride),
            stride,
            params,
            state: None,
            history: Vec::new(),
            cost: 0,
            early: None,
            given_up: false,
        }
    }

    /// Starts, for a sample of `most` bytes.
    fn start(&mut self, most: usize) -> Result<()> {
        if self.state.is_none() {
            let mut small = self.params.clone();
            small.size = table_size(&small.recipe, most as u64, u64::MAX);
            self.state = Some(crate::start(&small, most as u64, Kernel::detect())?);
        }
        Ok(())
    }

    /// Codes these bytes of each place, each end moved up to the end of a row.
    fn code(&mut self, data: &[u8], bytes: Range<usize>) {
        let Some(state) = &mut self.state else { return };
        for place in &self.places {
            let place = &data[place.clone()];
            let [start, end] = [bytes.start, bytes.end]
                .map(|at| at.next_multiple_of(self.stride).min(place.len()));
            let mut meter = Meter::new(&place[start..end]);
            state.code(end - start, &mut meter, &mut self.history);
            self.cost += meter.cost();
        }
    }

    /// Codes these bytes, the first of all; those behind [`EARLY`] only if it is judged by no more than `bound` there.
    fn set_out(&mut self, data: &[u8], bytes: Range<usize>, bound: u64) {
        self.code(data, bytes.start..EARLY);
        let judged = self.judged();
        self.early = Some(judged);
        self.given_up = judged > bound;
        if !self.given_up {
            self.code(data, EARLY..bytes.end);
        }
    }

    /// What it is judged by: 2^-32 bits a byte.
    fn judged(&self) -> u64 {
        let doubt = if self.doubtful { self.cost / DOUBT } else { 0 };
        ((self.cost + doubt) << 16) / self.history.len().max(1) as u64
    }
}

/// The race.
pub(crate) struct Race<'a> {
    data: &'a [u8],
    places: Places,
    /// Bytes that it goes on for at most.
    most: usize,
    /// Those still in it, in the order of candidates.
    runners: Vec<Runner>,
    /// Bytes that were asked for so far.
    asked: usize,
    /// Bytes that all have coded together, and whether nobody is given up: what tests look at, and compare with.
    #[cfg(test)]
    coded: usize,
    #[cfg(test)]
    patient: bool,
}

impl<'a> Race<'a> {
    /// A race of these candidates, at least one, on at most `most` bytes of `data`, which may be a text.
    pub(crate) fn new(
        data: &'a [u8],
        candidates: Vec<Params>,
        text: bool,
        places: Places,
        most: usize,
    ) -> Self {
        let runner = |params| Runner::new(params, text, data.len(), &places);
        Self {
            runners: candidates.into_iter().map(runner).collect(),
            data,
            most: most.max(places.enough).min(data.len()),
            places,
            asked: 0,
            #[cfg(test)]
            coded: 0,
            #[cfg(test)]
            patient: false,
        }
    }

    fn best(&self) -> Option<&Runner> {
        self.runners.iter().min_by_key(|runner| runner.judged())
    }

    /// Bytes that the best has coded, and what they cost it, in 2^-16 bits.
    pub(crate) fn seen(&self) -> (usize, u64) {
        self.best().map_or((0, 0), |r| (r.history.len(), r.cost))
    }

    /// Goes on until about `bytes` were coded.
    pub(crate) fn until(&mut self, bytes: usize) -> Result<()> {
        let end = bytes.min(self.most);
        while self.asked < end {
            self.round(end)?;
        }
        Ok(())
    }

    /// Goes on until one is the best, and gives it.
    ///
    /// # Panics
    /// Where there are no candidates.
    pub(crate) fn winner(mut self) -> Result<Params> {
        while self.runners.len() > 1 && self.asked < self.places.enough {
            self.round(self.places.enough)?;
        }
        let best = self.best().expect("there are candidates");
        Ok(best.params.clone())
    }

    /// A round: to `end` at most, and to where some may be given up.
    fn round(&mut self, end: usize) -> Result<()> {
        let enough = self.places.enough;
        let rounds = BEHIND.iter().map(|&(parts, _)| enough * parts / PARTS);
        let next = rounds
            .chain([enough])
            .find(|&round| round > self.asked && round >= FIRST.min(enough));
        let bytes = next.map_or(end, |next| next.min(end)) - self.asked;
        // From all places the same, for one says little of the others: a slice, but no more than is missing from what decides.
        let Places { count, slice, .. } = self.places;
        let least = slice.min(enough.saturating_sub(self.asked).div_ceil(count));
        let each = bytes.div_ceil(count).max(least);
        let each = self.asked / count..self.asked / count + each;
        if self.asked == 0 && each.end > EARLY && enough < 2 * FIRST {
            // First those that any data may suit, of which nobody is given up: one after the other, in the same memory.
            self.advance(each.clone(), |runner| !runner.specialist, Some(u64::MAX))?;
            let early = self.runners.iter().filter_map(|runner| runner.early).min();
            let bound = early.map_or(u64::MAX, |least| least + least / EARLY_BEHIND);
            #[cfg(test)]
            let bound = if self.patient { u64::MAX } else { bound };
            self.advance(each.clone(), |runner| runner.specialist, Some(bound))?;
            self.runners.retain(|runner| !runner.given_up);
        } else {
            self.advance(each.clone(), |_| true, None)?;
        }
        self.asked = each.end * count;
        #[cfg(test)]
        {
            self.coded += self.runners.len() * each.len() * count;
            if self.patient {
                return Ok(());
            }
        }
        self.give_up();
        Ok(())
    }

    /// These go on with those bytes of each place; with a `bound`, to [`EARLY`] only where they are judged by more than it there.
    fn advance(
        &mut self,
        each: Range<usize>,
        who: impl Fn(&Runner) -> bool,
        bound: Option<u64>,
    ) -> Result<()> {
        let (data, most) = (self.data, self.most);
        // Nobody goes on then: the next one takes the memory, which is in the cache still.
        let last = each.end * self.places.count >= most;
        // Two at a time: a sample is short, and the other core has nothing to do yet. Who is ready takes the next one, for some
        // models take twice the time of others.
        let mut who: Vec<_> = self.runners.iter_mut().filter(|r| who(r)).collect();
        let several = who.len() > 1;
        let waiting = Mutex::new(who.drain(..));
        let next = || {
            waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next()
        };
        let go_on = || -> Result<()> {
            while let Some(runner) = next() {
                runner.start(most)?;
                match bound {
                    Some(bound) => runner.set_out(data, each.clone(), bound),
                    None => runner.code(data, each.clone()),
                }
                if last || runner.given_up {
                    runner.state = None;
                }
            }
            Ok(())
        };
        if several {
            // Threads that wait for work: the system may put a new one beside this one, and leaves it there for milliseconds.
            let (one, other) = rayon::join(go_on, go_on);
            one.and(other)
        } else {
            go_on()
        }
    }

    /// Gives up who is too far behind.
    fn give_up(&mut self) {
        let enough = self.places.enough;
        let Some(best) = self.best().map(Runner::judged) else {
            return;
        };
        let passed = |&&(parts, _): &&(usize, u64)| self.asked >= enough * parts / PARTS;
        let margin = match BEHIND.iter().take_while(passed).last() {
            _ if self.asked >= enough => 0,
            Some(_) if self.asked < FIRST => return,
            Some((_, divisor)) => best / divisor,
            None => return,
        };
        self.runners
            .retain(|runner| runner.judged() <= best + margin);
        if self.asked >= enough {
            self.runners.truncate(1);
        }
    }
}

#[cfg(test)]
mod tests;
