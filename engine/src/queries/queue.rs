//! Who may run: at most so many statements at once, the others wait in turn.
//!
//! Whoever asks belongs to a party, and parties take turns: a place that comes free goes to the
//! party that has waited for its turn the longest, and within it to the statement that came
//! first. However many statements one party sends, another's next one waits for at most one of
//! each.
//!
//! A statement holds its place until its answer has been read, which is up to the reader. So no
//! party holds all places, where there are several: the last one is for another.
//!
//! The waiting room is bounded. When it is full, a party that has fewer waiting than another takes
//! the room of that one's newest; otherwise the newcomer is refused. So nobody can fill the room
//! against the others.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use crate::EngineError;

/// Who shares a turn: all sessions of a principal, or of a client that nobody has named, or else
/// one session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    Principal(String),
    Client(String),
    Session(String),
}

/// What came of asking for a place.
#[derive(Debug)]
pub(crate) enum Entry {
    /// There was one.
    Admitted(Place),
    /// It is to be waited for.
    Waiting(Waiting),
}

/// Hands out places.
#[derive(Debug)]
pub(crate) struct Queue {
    places: usize,
    room: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// How many places each party holds; none that holds none.
    held: HashMap<Party, usize>,
    waiting: usize,
    arrivals: u64,
    /// The parties that wait, in the order of their turns. Each has a line, and no other has.
    round: VecDeque<Party>,
    lines: HashMap<Party, VecDeque<Waiter>>,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    call: oneshot::Sender<Result<(), EngineError>>,
}

impl Queue {
    /// As many places, and room for as many to wait.
    pub(crate) fn new(places: usize, room: usize) -> Self {
        Self {
            places,
            room,
            state: Mutex::default(),
        }
    }

    /// How many statements may run at once.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    /// How many statements of one party may run at once.
    fn most(&self) -> usize {
        self.places.saturating_sub(1).max(1)
    }

    /// Takes a place, or the last place in the party's line.
    ///
    /// # Errors
    /// When the waiting room is full.
    pub(crate) fn enter(self: &Arc<Self>, party: Party) -> Result<Entry, EngineError> {
        let mut state = self.lock();
        // Whoever could have a place that is free has it already.
        if state.taken < self.places && state.held(&party) < self.most() {
            state.take(&party);
            return Ok(Entry::Admitted(Place {
                queue: Arc::clone(self),
                party,
            }));
        }
        if state.waiting >= self.room {
            let full = EngineError::QueueFull {
                running: self.places,
                waiting: self.room,
            };
            match state.outnumbering(&party) {
                Some(waiter) => drop(waiter.call.send(Err(full))),
                None => return Err(full),
            }
        }
        let (call, called) = oneshot::channel();
        state.arrivals += 1;
        let number = state.arrivals;
        state.join(party.clone(), Waiter { number, call });
        Ok(Entry::Waiting(Waiting {
            queue: Arc::clone(self),
            party,
            number,
            called,
            settled: false,
        }))
    }

    /// Hands a party's place on, or keeps it for whoever comes.
    fn release(&self, party: &Party) {
        let mut state = self.lock();
        state.give_back(party);
        state.call(self.places, self.most());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, party: Party, waiter: Waiter) {
        self.waiting += 1;
        match self.lines.get_mut(&party) {
            Some(line) => line.push_back(waiter),
            None => {
                self.round.push_back(party.clone());
                self.lines.insert(party, VecDeque::from([waiter]));
            }
        }
    }

    fn held(&self, party: &Party) -> usize {
        self.held.get(party).copied().unwrap_or(0)
    }

    fn take(&mut self, party: &Party) {
        self.taken += 1;
        *self.held.entry(party.clone()).or_default() += 1;
    }

    fn give_back(&mut self, party: &Party) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(held) = self.held.get_mut(party) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(party);
            }
        }
    }

    /// Gives the places that are free to those whose turn it is.
    fn call(&mut self, places: usize, most: usize) {
        while self.taken < places
            && let Some((party, waiter)) = self.next(most)
        {
            // One who has gone meanwhile has left the line before; so he takes it, always.
            if waiter.call.send(Ok(())).is_ok() {
                self.take(&party);
            }
        }
    }

    /// The first of the party whose turn it is, which goes to the end of the round. A party that
    /// has as many places as it may have keeps its turn.
    fn next(&mut self, most: usize) -> Option<(Party, Waiter)> {
        let at = self
            .round
            .iter()
            .position(|party| self.held(party) < most)?;
        let party = self.round.remove(at)?;
        let line = self.lines.get_mut(&party)?;
        let waiter = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&party);
        } else {
            self.round.push_back(party.clone());
        }
        self.waiting -= usize::from(waiter.is_some());
        waiter.map(|waiter| (party, waiter))
    }

    /// The newest of the longest line, taken out, where that stays as long as `party`'s will be.
    fn outnumbering(&mut self, party: &Party) -> Option<Waiter> {
        let length = |party: &Party| self.lines.get(party).map_or(0, VecDeque::len);
        let longest = self.round.iter().max_by_key(|other| length(other))?;
        if length(longest) <= length(party) + 1 {
            return None;
        }
        let longest = longest.clone();
        let waiter = self.lines.get_mut(&longest)?.pop_back();
        self.waiting -= usize::from(waiter.is_some());
        waiter
    }

    /// Takes a waiter out of its line; false when it is not there.
    fn leave(&mut self, party: &Party, number: u64) -> bool {
        let Some(line) = self.lines.get_mut(party) else {
            return false;
        };
        let before = line.len();
        line.retain(|waiter| waiter.number != number);
        let left = line.len() < before;
        if line.is_empty() {
            self.lines.remove(party);
            self.round.retain(|other| other != party);
        }
        self.waiting -= usize::from(left);
        left
    }
}

/// Leave to run, handed on when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    queue: Arc<Queue>,
    party: Party,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.release(&self.party);
    }
}

/// Resolves with a place, or when another needed the room more. Dropping it leaves the line.
#[derive(Debug)]
pub(crate) struct Waiting {
    queue: Arc<Queue>,
    party: Party,
    number: u64,
    called: oneshot::Receiver<Result<(), EngineError>>,
    settled: bool,
}

impl Future for Waiting {
    type Output = Result<Place, EngineError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let call = ready!(Pin::new(&mut self.called).poll(context));
        self.settled = true;
        Poll::Ready(match call {
            Ok(Ok(())) => Ok(Place {
                queue: Arc::clone(&self.queue),
                party: self.party.clone(),
            }),
            Ok(Err(refused)) => Err(refused),
            Err(_) => Err(EngineError::Internal {
                message: "a waiting statement was forgotten".to_owned(),
            }),
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        // Calls are made under the lock, so that it is clear then whether there was one.
        let left = self.queue.lock().leave(&self.party, self.number);
        if !left && matches!(self.called.try_recv(), Ok(Ok(()))) {
            self.queue.release(&self.party);
        }
    }
}

#[cfg(test)]
mod tests;
