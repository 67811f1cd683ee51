//! Sets found against counting all that there are.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const ITEMS: u32 = 9;

/// Every set of the items that is wanted, by its definition.
fn brute_force(baskets: &[(Vec<u32>, u64)], limits: Limits) -> BTreeMap<Vec<u32>, u64> {
    let sets = 1..1u32 << ITEMS;
    let items = |set: u32| (0..ITEMS).filter(move |item| set >> item & 1 == 1);
    sets.map(|set| {
        let held = |(basket, _): &&(Vec<u32>, u64)| items(set).all(|i| basket.contains(&i));
        let times = baskets.iter().filter(held).map(|(_, times)| times).sum();
        (items(set).collect::<Vec<u32>>(), times)
    })
    .filter(|(set, times)| set.len() <= limits.longest && *times >= limits.least)
    .collect()
}

fn search(
    search: &mut SetSearch,
    baskets: &[(Vec<u32>, u64)],
    limits: Limits,
    also: Option<u32>,
) -> Option<Itemsets> {
    let lists = baskets.iter().map(|(basket, times)| (&basket[..], *times));
    let found = search.search(lists, limits, also)?;
    let all = found.len();
    Some(found.ordered(&[all], |item| item))
}

fn as_map(sets: &Itemsets) -> BTreeMap<Vec<u32>, u64> {
    (0..sets.len())
        .map(|number| (sets.set(number).to_vec(), sets.baskets()[number]))
        .collect()
}

#[test]
fn sets_equal_counting_all() {
    let again = &mut SetSearch::new(ITEMS as usize);
    for seed in 0..300 {
        let random = &mut StdRng::seed_from_u64(seed);
        let density = random.random_range(0.05..0.9);
        let baskets: Vec<(Vec<u32>, u64)> = (0..random.random_range(0..30))
            .map(|_| {
                let mut basket: Vec<u32> =
                    (0..ITEMS).filter(|_| random.random_bool(density)).collect();
                // The order within a basket must not matter.
                let turns = random.random_range(0..=basket.len().min(2));
                basket.rotate_left(turns);
                (basket, random.random_range(1..4))
            })
            .collect();
        let limits = Limits {
            least: random.random_range(1..8),
            longest: random.random_range(1..=ITEMS as usize),
            most: usize::MAX,
        };
        let found = search(again, &baskets, limits, None).unwrap();
        assert_eq!(as_map(&found), brute_force(&baskets, limits), "seed {seed}");
        assert_eq!(found.len(), as_map(&found).len());
        let shapes: Vec<_> = (0..found.len())
            .map(|number| (found.set(number).len(), found.set(number)))
            .collect();
        assert!(shapes.is_sorted(), "seed {seed}");

        // With an item that all baskets hold besides.
        let with: Vec<(Vec<u32>, u64)> = baskets
            .iter()
            .map(|(basket, times)| (basket.iter().copied().filter(|&i| i != 4).collect(), *times))
            .collect();
        let found = search(again, &with, limits, Some(4)).unwrap();
        let all: Vec<(Vec<u32>, u64)> = with
            .into_iter()
            .map(|(mut basket, times)| {
                basket.push(4);
                (basket, times)
            })
            .collect();
        let mut wanted = brute_force(&all, limits);
        wanted.retain(|set, _| set.contains(&4));
        assert_eq!(as_map(&found), wanted, "seed {seed}");
    }
}

/// One basket of 40 items has more sets than anybody wants, and is given up soon.
#[test]
fn too_many_sets_are_none() {
    let limits = Limits {
        least: 1,
        longest: usize::MAX,
        most: 1 << 16,
    };
    let baskets = [((0..40).collect(), 1)];
    let again = &mut SetSearch::new(40);
    assert_eq!(search(again, &baskets, limits, None), None);
    // What was given up leaves nothing behind.
    let few = [(vec![0, 7], 1)];
    assert_eq!(search(again, &few, limits, None).unwrap().len(), 3);
    let exactly = Limits {
        most: (1 << 16) - 1,
        ..limits
    };
    let baskets = [((0..16).collect(), 1)];
    let found = search(again, &baskets, exactly, None).unwrap();
    assert_eq!(found.len(), exactly.most);
    assert_eq!(found.lengths().max(), Some(16));
}
