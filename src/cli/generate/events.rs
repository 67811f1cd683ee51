//! Events of a made-up shop, in the shape of the large shop data set: `event_time`, `event_type`
//! (view, cart, purchase), `product_id`, `category_id`, `category_code`, `brand`, `price`,
//! `user_id`, `user_session`.
//!
//! Sessions begin over about half a year, more around noon. About a quarter belong to somebody new;
//! the others to somebody known, more often to those who came lately, so that customers stay away
//! as real ones do. A session looks at products near one another, popular ones more often, and
//! sometimes puts one into the cart and buys it. Events come in the order of their time; only the
//! sessions under way are held in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::catalogue::{Product, product};
use super::random::{Random, mixed};

/// 2019-10-01 00:00:00 UTC.
const BEGIN_SECONDS: i64 = 1_569_888_000;

/// 183 days: October to March.
const SPAN_SECONDS: u64 = 183 * 86_400;

/// Events of a session, on average.
const EVENTS_A_SESSION: f64 = 4.8;

/// The chance that a session goes on after an event that did not end in the cart.
const GOES_ON: f64 = 0.78;

/// The share of sessions that are their user's first.
const NEW_USERS: f64 = 0.28;

/// Products for every event, and how many there are at least and at most.
const EVENTS_A_PRODUCT: u64 = 120;
const PRODUCTS: (u64, u64) = (500, 160_000);

/// What happens to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    View,
    Cart,
    Purchase,
}

impl Kind {
    /// Its name in the data.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Cart => "cart",
            Self::Purchase => "purchase",
        }
    }
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Event {
    pub(super) time_seconds: i64,
    pub(super) kind: Kind,
    pub(super) product: Product,
    pub(super) user_id: i64,
    pub(super) session: u128,
}

/// A session under way; sorted by when it goes on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    next_seconds: i64,
    number: u64,
    user_id: i64,
    id: u128,
    /// The middle of what it is interested in.
    interest: u64,
    looking_at: u64,
    kind: Kind,
}

/// The events, in the order of their time.
#[derive(Debug)]
pub(super) struct Events {
    random: Random,
    left: u64,
    expected_sessions: f64,
    begun: u64,
    begins_seconds: i64,
    users: u64,
    products: u64,
    under_way: BinaryHeap<Reverse<Session>>,
}

impl Events {
    /// `rows` events that depend on `rows` and `seed` alone.
    pub(super) fn new(rows: u64, seed: u64) -> Self {
        let mut events = Self {
            random: Random::new(mixed(seed) ^ rows),
            left: rows,
            expected_sessions: (rows as f64 / EVENTS_A_SESSION).max(1.0),
            begun: 0,
            begins_seconds: 0,
            users: 0,
            products: (rows / EVENTS_A_PRODUCT).clamp(PRODUCTS.0, PRODUCTS.1),
            under_way: BinaryHeap::new(),
        };
        events.begins_seconds = events.beginning(0);
        events
    }

    /// When session `number` begins. Sessions shorter than expected leave rows to make when the
    /// span is over: those that are needed then follow at the same pace.
    fn beginning(&self, number: u64) -> i64 {
        let share = number as f64 / self.expected_sessions;
        let seconds = share * SPAN_SECONDS as f64;
        // The hours around noon run slower, so that more sessions fall into them.
        let day = (seconds / 86_400.0).floor();
        let hour = seconds / 86_400.0 - day;
        let shifted = hour + 0.12 * sine(hour);
        let begin = day + shifted.clamp(0.0, 0.999_99);
        BEGIN_SECONDS + (begin * 86_400.0) as i64
    }

    fn begin(&mut self) {
        let known = self.users > 0 && !self.random.chance(NEW_USERS);
        let user = if known {
            let back = self.random.unit();
            self.users - 1 - (back * back * back * self.users as f64) as u64
        } else {
            self.users += 1;
            self.users - 1
        };
        let id = u128::from(self.random.bits()) << 64 | u128::from(self.random.bits());
        let popularity = self.random.unit();
        let interest = (popularity * popularity * popularity * self.products as f64) as u64;
        let user_id = 512_000_000 + i64::try_from(user * 13 + mixed(user) % 13).unwrap_or(0);
        self.under_way.push(Reverse(Session {
            next_seconds: self.begins_seconds,
            number: self.begun,
            user_id,
            id,
            interest,
            looking_at: interest,
            kind: Kind::View,
        }));
        self.begun += 1;
        let next = self.beginning(self.begun);
        self.begins_seconds = next.max(self.begins_seconds);
    }

    /// What a session does after an event, if it goes on.
    fn go_on(&mut self, mut session: Session) {
        let random = &mut self.random;
        let luck = random.unit();
        session.kind = match session.kind {
            Kind::View if luck < 0.045 => Kind::Cart,
            Kind::View if luck < 0.052 => Kind::Purchase,
            Kind::Cart if luck < 0.45 => Kind::Purchase,
            _ => Kind::View,
        };
        if session.kind == Kind::View {
            if !random.chance(GOES_ON) {
                return;
            }
            if random.chance(0.75) {
                let near = session.interest + random.below(20);
                session.looking_at = near.min(self.products - 1);
            }
        }
        let longest = if random.chance(0.05) { 900 } else { 80 };
        let pause = 1 + random.below(longest);
        session.next_seconds += i64::try_from(pause).unwrap_or(1);
        self.under_way.push(Reverse(session));
    }
}

/// The sine of a share of a turn, from 0 to 1. Additions and products of doubles are the same on
/// every machine, and the sine of its mathematical library is not.
fn sine(turn: f64) -> f64 {
    let (half, sign) = if turn < 0.5 {
        (turn, 1.0)
    } else {
        (turn - 0.5, -1.0)
    };
    let angle = std::f64::consts::TAU * half.min(0.5 - half);
    // Taylor's series; at a quarter of a turn the first term left out is below 1e-17.
    let square = angle * angle;
    let series = (1..=10).rev().fold(1.0, |inner, pair| {
        let even = f64::from(2 * pair);
        1.0 - square / (even * (even + 1.0)) * inner
    });
    sign * angle * series
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.left = self.left.checked_sub(1)?;
        while self
            .under_way
            .peek()
            .is_none_or(|next| self.begins_seconds <= next.0.next_seconds)
        {
            self.begin();
        }
        let Reverse(session) = self.under_way.pop()?;
        let event = Event {
            time_seconds: session.next_seconds,
            kind: session.kind,
            product: product(session.looking_at),
            user_id: session.user_id,
            session: session.id,
        };
        self.go_on(session);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_numbers_give_the_same_events_in_the_order_of_time() {
        let events: Vec<Event> = Events::new(20_000, 7).collect();
        assert_eq!(events.len(), 20_000);
        assert!(events.is_sorted_by_key(|event| event.time_seconds));
        assert!(events.iter().copied().eq(Events::new(20_000, 7)));
        assert!(!events.iter().copied().eq(Events::new(20_000, 8)));
        assert_eq!(Events::new(0, 7).count(), 0);
    }

    #[test]
    fn any_number_of_rows_is_reached() {
        for seed in 0..8 {
            for rows in (1..60).chain([100, 500, 2_000, 3_000]) {
                let events: Vec<Event> = Events::new(rows, seed).collect();
                assert_eq!(events.len() as u64, rows, "seed {seed}");
                assert!(events.is_sorted_by_key(|event| event.time_seconds));
                assert!(events.into_iter().eq(Events::new(rows, seed)));
            }
        }
    }

    #[test]
    fn the_sine_is_that_of_the_library_nearly() {
        for step in 0..10_000 {
            let turn = f64::from(step) / 10_000.0;
            let expected = (std::f64::consts::TAU * turn).sin();
            assert!((sine(turn) - expected).abs() < 1e-15, "{turn}");
        }
    }

    #[test]
    fn the_shop_looks_like_one() {
        let events: Vec<Event> = Events::new(50_000, 1).collect();
        let share = |kind| {
            let of_kind = events.iter().filter(|event| event.kind == kind).count();
            of_kind as f64 / events.len() as f64
        };
        assert!((0.88..0.97).contains(&share(Kind::View)));
        assert!((0.01..0.06).contains(&share(Kind::Purchase)));
        let users: HashSet<i64> = events.iter().map(|event| event.user_id).collect();
        let sessions: HashSet<u128> = events.iter().map(|event| event.session).collect();
        assert!((8..30).contains(&(events.len() / users.len())));
        assert!((3..7).contains(&(events.len() / sessions.len())));
        let days = (events[events.len() - 1].time_seconds - events[0].time_seconds) / 86_400;
        assert!((150..=190).contains(&days), "{days}");
    }
}
