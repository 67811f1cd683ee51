//! Tests of who is next: by cases, and by random comings and goings.

use std::collections::BTreeMap;

use futures::FutureExt;

use super::*;

fn party(name: &str) -> Party {
    Party::Principal(name.to_owned())
}

fn queue(places: usize, room: usize) -> Arc<Queue> {
    Arc::new(Queue::new(places, room))
}

fn admitted(queue: &Arc<Queue>, name: &str) -> Place {
    match queue.enter(party(name)).unwrap() {
        Entry::Admitted(place) => place,
        Entry::Waiting(_) => panic!("{name} must wait"),
    }
}

fn waiting(queue: &Arc<Queue>, name: &str) -> Waiting {
    match queue.enter(party(name)).unwrap() {
        Entry::Admitted(_) => panic!("{name} need not wait"),
        Entry::Waiting(waiting) => waiting,
    }
}

/// The names of those that wait, in the order in which they are called.
fn order(place: Place, mut all: Vec<(&'static str, Waiting)>) -> Vec<&'static str> {
    let mut order = Vec::new();
    let mut place = Some(place);
    while let Some(free) = place.take() {
        drop(free);
        all.retain_mut(|(name, waiting)| match waiting.now_or_never() {
            None => true,
            Some(called) => {
                order.push(*name);
                place = Some(called.unwrap());
                false
            }
        });
    }
    assert!(all.is_empty());
    order
}

#[test]
fn parties_take_turns_and_each_keeps_its_order() {
    let queue = queue(1, 10);
    let place = admitted(&queue, "ada");
    let names = ["a1", "a2", "a3", "b1", "a4", "c1", "b2"];
    let all = names
        .iter()
        .map(|name| (*name, waiting(&queue, &name[..1])))
        .collect();
    assert_eq!(
        order(place, all),
        ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    );
    assert_eq!(queue.lock().taken, 0);
}

#[test]
fn who_gives_up_is_passed_over() {
    let queue = queue(1, 10);
    let place = admitted(&queue, "a");
    let gone = waiting(&queue, "a");
    let alone = waiting(&queue, "b");
    let stays = waiting(&queue, "a");
    drop((gone, alone));
    assert_eq!(queue.lock().waiting, 1);
    assert_eq!(order(place, vec![("stays", stays)]), ["stays"]);
}

#[test]
fn a_place_that_nobody_takes_goes_on_to_the_next() {
    let queue = queue(1, 10);
    let place = admitted(&queue, "a");
    let (called, next) = (waiting(&queue, "a"), waiting(&queue, "a"));
    drop(place);
    // It has the place and has not looked.
    drop(called);
    let place = next.now_or_never().unwrap().unwrap();
    assert_eq!(queue.lock().taken, 1);
    drop(place);
    assert_eq!(queue.lock().taken, 0);
    drop(admitted(&queue, "b"));
}

#[test]
fn a_full_room_refuses_but_makes_way_for_who_has_fewer() {
    let queue = queue(1, 3);
    let _place = admitted(&queue, "a");
    let mut many: Vec<_> = (0..3).map(|_| waiting(&queue, "a")).collect();
    let full = EngineError::QueueFull {
        running: 1,
        waiting: 3,
    };
    assert_eq!(queue.enter(party("a")).unwrap_err(), full);
    let one = waiting(&queue, "b");
    let newest = many.pop().unwrap().now_or_never().unwrap();
    assert_eq!(newest.unwrap_err(), full);
    // Two and one are as even as three can be.
    assert_eq!(queue.enter(party("b")).unwrap_err(), full);
    assert_eq!(queue.enter(party("a")).unwrap_err(), full);
    let _another = waiting(&queue, "c");
    assert_eq!(queue.lock().waiting, 3);
    drop((one, many));
    assert_eq!(queue.lock().waiting, 1);
}

#[test]
fn without_room_nobody_waits() {
    let queue = queue(2, 0);
    let _places = (admitted(&queue, "a"), admitted(&queue, "b"));
    assert!(matches!(
        queue.enter(party("c")),
        Err(EngineError::QueueFull { .. })
    ));
}

#[test]
fn the_last_place_is_for_another() {
    let queue = queue(3, 10);
    let mut places = vec![admitted(&queue, "a"), admitted(&queue, "a")];
    let mut third = waiting(&queue, "a");
    let last = admitted(&queue, "b");
    let mut others = waiting(&queue, "c");
    // The place that comes free is not for the party whose turn it is, but has its most.
    drop(last);
    assert!((&mut third).now_or_never().is_none());
    let last = (&mut others).now_or_never().unwrap().unwrap();
    drop(last);
    assert!((&mut third).now_or_never().is_none());
    places.pop();
    places.push(third.now_or_never().unwrap().unwrap());
    drop(admitted(&queue, "b"));
    drop(places);
    assert_eq!(queue.lock().taken, 0);
    assert!(queue.lock().held.is_empty());
}

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// Somebody in line, with what happened since: whom of his own he came after, and how often each
/// other party was called.
struct Watched {
    waiting: Waiting,
    number: usize,
    ahead: usize,
    passed: BTreeMap<usize, usize>,
}

/// Statements come, end and give up at random. Whatever happens, places and room are kept to,
/// a party's statements are called in their order, and nobody who may run waits while another party
/// is called more often than his own place in his line.
#[test]
fn nobody_is_passed_over_at_random() {
    for seed in 1..200 {
        let mut numbers = Numbers(seed);
        let (places, room) = (1 + numbers.below(3), 4 + numbers.below(12));
        let queue = queue(places, room);
        let mut running: Vec<(usize, Place)> = Vec::new();
        let mut lines: Vec<Vec<Watched>> = (0..4).map(|_| Vec::new()).collect();
        let mut last_called = [0; 4];
        for number in 1..400 {
            match numbers.below(10) {
                0..=5 => {
                    // One party sends more than the others together.
                    let who = [0, 0, 0, 1, 2, 3][numbers.below(6)];
                    match queue.enter(party(&who.to_string())) {
                        Ok(Entry::Admitted(place)) => running.push((who, place)),
                        Ok(Entry::Waiting(waiting)) => {
                            let ahead = lines[who].len();
                            lines[who].push(Watched {
                                waiting,
                                number,
                                ahead,
                                passed: BTreeMap::new(),
                            });
                        }
                        Err(_) => assert_eq!(queue.lock().waiting, room),
                    }
                }
                6..=8 if !running.is_empty() => {
                    drop(running.swap_remove(numbers.below(running.len())));
                }
                _ => {
                    let line = &mut lines[numbers.below(4)];
                    if !line.is_empty() {
                        let at = numbers.below(line.len());
                        drop(line.remove(at));
                    }
                }
            }
            settle(&mut lines, &mut running, &mut last_called, queue.most());
            let state = queue.lock();
            assert!(state.taken <= places && state.taken == running.len());
            assert_eq!(state.waiting, lines.iter().map(Vec::len).sum::<usize>());
            assert!(state.waiting <= room);
            for (who, line) in lines.iter().enumerate() {
                let held = held(&running, who);
                assert!(held <= queue.most());
                assert!(line.is_empty() || state.taken == places || held == queue.most());
            }
            assert_eq!(state.round.len(), state.lines.len());
        }
        drop((running, lines));
        let state = queue.lock();
        assert_eq!((state.taken, state.waiting, state.round.len()), (0, 0, 0));
        assert!(state.held.is_empty());
    }
}

fn held(running: &[(usize, Place)], who: usize) -> usize {
    running.iter().filter(|(party, _)| *party == who).count()
}

/// Takes in who was called or sent away.
fn settle(
    lines: &mut [Vec<Watched>],
    running: &mut Vec<(usize, Place)>,
    last_called: &mut [usize; 4],
    most: usize,
) {
    for who in 0..lines.len() {
        let mut called = false;
        lines[who].retain_mut(|watched| match (&mut watched.waiting).now_or_never() {
            None => true,
            Some(Err(_)) => false,
            Some(Ok(place)) => {
                running.push((who, place));
                assert!(watched.number > last_called[who], "out of order");
                last_called[who] = watched.number;
                called = true;
                false
            }
        });
        if called {
            for (other, line) in lines
                .iter_mut()
                .enumerate()
                .filter(|(other, _)| *other != who && held(running, *other) < most)
            {
                for watched in line {
                    let passed = watched.passed.entry(who).or_default();
                    *passed += 1;
                    assert!(*passed <= watched.ahead + 1, "{other} waits for {who}");
                }
            }
        }
    }
}
