//! What functions and reports are documented to give, computed one row at a time
//! without regard to cost.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate};

use crate::support::Order;

const TILES: usize = 5;

fn date(micros: i64) -> NaiveDate {
    DateTime::from_timestamp_micros(micros)
        .unwrap()
        .date_naive()
}

pub(super) fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "NULL".to_string(), |value| value.to_string())
}

fn stores(orders: &[Order]) -> BTreeMap<&str, Vec<&Order>> {
    let mut stores: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for order in orders {
        stores.entry(order.store.as_str()).or_default().push(order);
    }
    stores
}

/// customer | first day of the month of the earliest time
pub(super) fn cohort_months(orders: &[Order]) -> Vec<String> {
    let mut first: BTreeMap<Option<i64>, Option<i64>> = BTreeMap::new();
    for order in orders {
        let earliest = first.entry(order.customer).or_default();
        *earliest = [*earliest, order.at_micros].into_iter().flatten().min();
    }
    first
        .into_iter()
        .map(|(customer, earliest)| {
            let month = earliest.map(|at| date(at).with_day(1).unwrap());
            format!("{}|{}", text(customer), text(month))
        })
        .collect()
}

/// The tile of each value, worst first: ties together take the lowest tile of
/// all, split ties are ranked by position. `values` are in customer order.
fn tiles<V: Ord + Copy>(values: &[V], tiles: usize, split: bool) -> Vec<usize> {
    let count = values.len();
    if split {
        let mut order: Vec<_> = (0..count).collect();
        order.sort_by_key(|&at| values[at]);
        let (size, longer) = (count / tiles, count % tiles);
        let mut result = vec![0; count];
        let (mut tile, mut left) = (0, 0);
        for at in order {
            while left == 0 {
                tile += 1;
                left = size + usize::from(tile <= longer);
            }
            left -= 1;
            result[at] = tile;
        }
        result
    } else {
        values
            .iter()
            .map(|value| {
                let below = values.iter().filter(|other| *other < value).count();
                below * tiles / count + 1
            })
            .collect()
    }
}

/// store | customer | recency in days | frequency | monetary | score
pub(super) fn rfm(orders: &[Order], split: bool) -> Vec<String> {
    let mut result = Vec::new();
    for (store, orders) in stores(orders) {
        let mut customers: BTreeMap<i64, (i64, i64, i64)> = BTreeMap::new();
        for order in &orders {
            let (Some(customer), Some(at)) = (order.customer, order.at_micros) else {
                continue;
            };
            let entry = customers.entry(customer).or_insert((at, 0, 0));
            *entry = (
                entry.0.max(at),
                entry.1 + 1,
                entry.2 + order.cents.unwrap_or(0),
            );
        }
        let Some(as_of) = customers.values().map(|(last, _, _)| date(*last)).max() else {
            continue;
        };
        let recency: Vec<_> = customers
            .values()
            .map(|(last, _, _)| (as_of - date(*last)).num_days())
            .collect();
        let ages: Vec<_> = recency.iter().map(|days| -days).collect();
        let counts: Vec<_> = customers.values().map(|(_, count, _)| *count).collect();
        let sums: Vec<_> = customers.values().map(|(_, _, cents)| *cents).collect();
        let r = tiles(&ages, TILES, split);
        let f = tiles(&counts, TILES, split);
        let m = tiles(&sums, TILES, split);
        for (at, customer) in customers.keys().enumerate() {
            result.push(format!(
                "{store}|{customer}|{}|{}|{}|{}{}{}",
                recency[at],
                counts[at],
                money(sums[at]),
                r[at],
                f[at],
                m[at]
            ));
        }
    }
    result
}

/// store | customer | summed value | tile of 4
pub(super) fn segments(orders: &[Order]) -> Vec<String> {
    let mut result = Vec::new();
    for (store, orders) in stores(orders) {
        let mut sums: BTreeMap<i64, Option<i64>> = BTreeMap::new();
        for order in &orders {
            let Some(customer) = order.customer else {
                continue;
            };
            let sum = sums.entry(customer).or_default();
            if let Some(cents) = order.cents {
                *sum = Some(sum.unwrap_or(0) + cents);
            }
        }
        let known: Vec<_> = sums.values().flatten().copied().collect();
        let mut ranked = tiles(&known, 4, false).into_iter();
        for (customer, sum) in &sums {
            let tile = sum.and_then(|_| ranked.next());
            result.push(format!(
                "{store}|{customer}|{}|{}",
                text(sum.map(money)),
                text(tile)
            ));
        }
    }
    result
}

/// store | item a | item b | baskets of a, of b, of both, of all | lift
pub(super) fn lifts(orders: &[Order]) -> Vec<String> {
    let mut result = Vec::new();
    for (store, orders) in stores(orders) {
        let mut baskets: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
        for order in &orders {
            if let Some(item) = &order.item {
                baskets.entry(order.order_id).or_default().insert(item);
            }
        }
        let all = baskets.len();
        let items: BTreeSet<_> = baskets.values().flatten().copied().collect();
        let with = |wanted: &[&str]| {
            let holds = |basket: &&BTreeSet<&str>| wanted.iter().all(|item| basket.contains(item));
            baskets.values().filter(holds).count()
        };
        for a in &items {
            for b in items.iter().filter(|b| *b > a) {
                let (n_a, n_b, both) = (with(&[a]), with(&[b]), with(&[a, b]));
                if both == 0 || (both as f64) / (all as f64) < 0.02 {
                    continue;
                }
                let lift = (both as f64 * all as f64) / (n_a as f64 * n_b as f64);
                let rounded = (lift * 1e9).round() / 1e9;
                result.push(format!(
                    "{store}|{a}|{b}|{n_a}|{n_b}|{both}|{all}|{rounded:?}"
                ));
            }
        }
    }
    result
}
