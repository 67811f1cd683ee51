//! Shares of credit by hand, and against a loop over conversions and touches.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn contact(time: i64, channel: Option<u32>, converted: bool) -> Contact {
    Contact {
        time,
        channel,
        converted,
    }
}

fn shares(model: Model, lookback: u64, contacts: &[Contact]) -> Vec<(Option<u32>, f64)> {
    let mut shares = Vec::new();
    Attribution::new(model, lookback).append(contacts.iter().copied(), &mut shares);
    shares
}

const WEEK: Model = Model::TimeDecay { half_life: 7.0 };

#[test]
fn four_touches_and_a_conversion_share_by_each_model() {
    let contacts = [
        contact(0, Some(1), false),
        contact(7, Some(2), false),
        contact(14, Some(3), false),
        contact(21, Some(2), false),
        contact(28, None, true),
        contact(30, Some(9), false),
    ];
    let shares = |model| shares(model, 28, &contacts);
    assert_eq!(shares(Model::First), [(Some(1), 1.0)]);
    assert_eq!(shares(Model::Last), [(Some(2), 1.0)]);
    let linear = [(Some(1), 0.25), (Some(2), 0.5), (Some(3), 0.25)];
    assert_eq!(shares(Model::Linear), linear);
    // Weights 1/16, 1/8, 1/4 and 1/2, of 15/16 in all.
    let decay = [
        (Some(1), 1.0 / 15.0),
        (Some(2), 10.0 / 15.0),
        (Some(3), 4.0 / 15.0),
    ];
    assert_near(&shares(WEEK), &decay);
    let position = [(Some(1), 0.4), (Some(2), 0.5), (Some(3), 0.1)];
    assert_near(&shares(Model::Position), &position);
}

#[test]
fn a_touch_as_old_as_the_lookback_counts_and_an_older_one_does_not() {
    let contacts = [
        contact(0, Some(1), false),
        contact(1, Some(2), false),
        contact(11, None, true),
    ];
    assert_eq!(shares(Model::First, 10, &contacts), [(Some(2), 1.0)]);
    assert_eq!(shares(Model::First, 11, &contacts), [(Some(1), 1.0)]);
    assert_eq!(shares(Model::First, 9, &contacts), [(None, 1.0)]);
}

#[test]
fn touches_count_for_every_conversion_and_one_without_is_nobodys() {
    let contacts = [
        contact(0, None, true),
        contact(5, Some(4), true),
        contact(6, None, true),
        contact(7, Some(3), false),
        contact(i64::MAX, None, true),
    ];
    let wanted = [(Some(4), 2.0), (None, 2.0)];
    assert_eq!(shares(Model::Linear, 100, &contacts), wanted);
    assert_eq!(shares(WEEK, 100, &contacts[1..2]), [(Some(4), 1.0)]);
    assert_eq!(shares(Model::Position, 0, &contacts[3..4]), []);
}

fn brute_force(model: Model, lookback: u64, contacts: &[Contact]) -> BTreeMap<(bool, u32), f64> {
    let mut credit: BTreeMap<(bool, u32), f64> = BTreeMap::new();
    for conversion in contacts.iter().filter(|contact| contact.converted) {
        let age = |contact: &Contact| conversion.time - contact.time;
        let touches: Vec<&Contact> = contacts
            .iter()
            .filter(|touch| touch.channel.is_some())
            .filter(|touch| age(touch) >= 0 && age(touch) as u64 <= lookback)
            .collect();
        let weights: Vec<f64> = touches
            .iter()
            .enumerate()
            .map(|(place, touch)| match (model, touches.len()) {
                (Model::First, _) => f64::from(u8::from(place == 0)),
                (Model::Last, n) => f64::from(u8::from(place == n - 1)),
                (Model::Linear, _) | (Model::Position, 1 | 2) => 1.0,
                (Model::Position, n) if place == 0 || place == n - 1 => 0.4,
                (Model::Position, n) => 0.2 / (n - 2) as f64,
                (Model::TimeDecay { half_life }, _) => 0.5_f64.powf(age(touch) as f64 / half_life),
            })
            .collect();
        if touches.is_empty() {
            *credit.entry((true, 0)).or_default() += 1.0;
        }
        let total: f64 = weights.iter().sum();
        for (touch, weight) in touches.iter().zip(weights) {
            let channel = touch.channel.map_or(0, |channel| channel);
            *credit.entry((false, channel)).or_default() += weight / total;
        }
    }
    credit.retain(|_, credit| *credit > 0.0);
    credit
}

/// Random contacts of one customer after the other, by every model.
#[test]
fn shares_equal_a_loop_over_conversions() {
    for model in [
        Model::First,
        Model::Last,
        Model::Linear,
        WEEK,
        Model::Position,
    ] {
        let lookback = 40;
        let mut attribution = Attribution::new(model, lookback);
        for seed in 0..100 {
            let random = &mut StdRng::seed_from_u64(seed);
            let mut contacts: Vec<Contact> = (0..random.random_range(0..80))
                .map(|_| {
                    let channel = random.random_bool(0.7).then(|| random.random_range(0..5));
                    contact(
                        random.random_range(0..300),
                        channel,
                        random.random_bool(0.3),
                    )
                })
                .collect();
            contacts.sort_unstable_by_key(|contact| (contact.time, contact.channel));
            let wanted: Vec<(Option<u32>, f64)> = brute_force(model, lookback, &contacts)
                .into_iter()
                .map(|((nobody, channel), credit)| ((!nobody).then_some(channel), credit))
                .collect();
            let mut found = Vec::new();
            attribution.append(contacts.iter().copied(), &mut found);
            assert_near(&found, &wanted);
            let conversions = contacts.iter().filter(|contact| contact.converted).count() as f64;
            let total: f64 = found.iter().map(|(_, credit)| credit).sum();
            assert!((total - conversions).abs() <= 1e-14 * conversions);
        }
    }
}

fn assert_near(found: &[(Option<u32>, f64)], wanted: &[(Option<u32>, f64)]) {
    assert_eq!(found.len(), wanted.len(), "{found:?} for {wanted:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found.0, wanted.0);
        let near = (found.1 - wanted.1).abs() <= 1e-13 * wanted.1;
        assert!(near, "{found:?} for {wanted:?}");
    }
}
