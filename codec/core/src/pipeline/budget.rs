//! Memory shared by the frames in work.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// An amount of memory that is handed out in the order of the tickets.
///
/// The order keeps a pipeline that delivers in order from a deadlock: a later frame never
/// holds what an earlier one waits for. Whoever is alone gets what he asks for, so that at
/// least one frame is always in work.
#[derive(Debug)]
pub(super) struct Budget {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    total: u64,
    used: u64,
    /// Permits that have not been given back.
    held: u64,
    /// The next ticket to be sold.
    next: u64,
    /// The ticket whose turn it is.
    turn: u64,
    /// Tickets that were given back before their turn.
    passed: BTreeSet<u64>,
    closed: bool,
}

impl State {
    fn next_turn(&mut self) {
        self.turn += 1;
        while self.passed.remove(&self.turn) {
            self.turn += 1;
        }
    }
}

impl Budget {
    pub(super) fn new(total: u64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                total,
                ..State::default()
            }),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is only ever changed in whole steps, so a panic elsewhere leaves it sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn total(&self) -> u64 {
        self.lock().total
    }

    pub(super) fn resize(&self, total: u64) {
        self.lock().total = total;
        self.changed.notify_all();
    }

    /// Lets everybody through: the work has been given up.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        Ticket {
            budget: Arc::clone(self),
            number,
            used: false,
        }
    }
}

/// A place in the queue.
#[derive(Debug)]
pub(super) struct Ticket {
    budget: Arc<Budget>,
    number: u64,
    used: bool,
}

impl Ticket {
    /// Waits for its turn and for `need` bytes.
    pub(super) fn acquire(mut self, need: u64) -> Permit {
        let mut state = self.budget.lock();
        loop {
            let fits = state.held == 0 || state.used.saturating_add(need) <= state.total;
            if state.closed || (state.turn == self.number && fits) {
                break;
            }
            state = self
                .budget
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.used = state.used.saturating_add(need);
        state.held += 1;
        state.next_turn();
        drop(state);
        self.used = true;
        self.budget.changed.notify_all();
        Permit {
            budget: Arc::clone(&self.budget),
            need,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.used {
            return;
        }
        let mut state = self.budget.lock();
        if state.turn == self.number {
            state.next_turn();
        } else {
            state.passed.insert(self.number);
        }
        drop(state);
        self.budget.changed.notify_all();
    }
}

/// Memory held until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    budget: Arc<Budget>,
    need: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        state.used = state.used.saturating_sub(self.need);
        state.held -= 1;
        drop(state);
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Acquires in a thread and reports the permit.
    fn later(ticket: Ticket, need: u64) -> mpsc::Receiver<Permit> {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(ticket.acquire(need)));
        receiver
    }

    const SOON: Duration = Duration::from_millis(50);
    const AT_LAST: Duration = Duration::from_secs(20);

    #[test]
    fn who_is_alone_gets_even_too_much() {
        let budget = Budget::new(10);
        drop(budget.ticket().acquire(1000));
        let held = budget.ticket().acquire(1000);
        let second = later(budget.ticket(), 1);
        assert!(second.recv_timeout(SOON).is_err());
        drop(held);
        assert!(second.recv_timeout(AT_LAST).is_ok());
    }

    #[test]
    fn tickets_are_served_in_order() {
        let budget = Budget::new(10);
        let (first, second) = (budget.ticket(), budget.ticket());
        let waiting = later(second, 1);
        assert!(waiting.recv_timeout(SOON).is_err());
        let _held = first.acquire(5);
        assert!(waiting.recv_timeout(AT_LAST).is_ok());
    }

    #[test]
    fn a_ticket_given_back_does_not_hold_up_the_next() {
        let budget = Budget::new(10);
        let (first, second, third) = (budget.ticket(), budget.ticket(), budget.ticket());
        drop(second);
        let waiting = later(third, 1);
        drop(first);
        assert!(waiting.recv_timeout(AT_LAST).is_ok());
    }

    #[test]
    fn closing_lets_everybody_through() {
        let budget = Budget::new(10);
        let _held = budget.ticket().acquire(10);
        let waiting = later(budget.ticket(), 10);
        budget.close();
        assert!(waiting.recv_timeout(AT_LAST).is_ok());
    }
}
