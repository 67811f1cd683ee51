//! The reports over random rows, against their definitions row by row.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use cohortql_engine::Engine;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::brute_force;
use crate::support::{Order, batches, lines, orders};

/// The options of one call of `cohort_retention`.
#[derive(Debug, Clone, Copy)]
struct Retention {
    unit: &'static str,
    periods: i64,
    mode: &'static str,
    clock: &'static str,
    starts: bool,
    returns: bool,
    by: bool,
    order: bool,
    as_of: Option<NaiveDate>,
}

impl Retention {
    fn random(random: &mut StdRng) -> Self {
        let mut any = |words: &[&'static str]| words[random.random_range(0..words.len())];
        let (unit, mode, clock) = (
            any(&["day", "week", "month", "quarter", "year"]),
            any(&["on", "on_or_after", "on_or_before"]),
            any(&["calendar", "rolling"]),
        );
        let day =
            NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + Days::new(random.random_range(0..600));
        Self {
            unit,
            periods: [0, 1, 5, 12][random.random_range(0..4)],
            mode,
            clock,
            starts: random.random_bool(0.4),
            returns: random.random_bool(0.4),
            by: random.random_bool(0.4),
            order: random.random_bool(0.5),
            as_of: random.random_bool(0.5).then_some(day),
        }
    }

    fn sql(&self) -> String {
        let mut options = String::new();
        let mut add = |wanted: bool, text: String| {
            if wanted {
                options.push_str(", ");
                options.push_str(&text);
            }
        };
        add(self.starts, "starts => item <> 'item 0'".into());
        add(self.returns, "returns => amount > 10".into());
        add(self.by, "by => store".into());
        add(self.order, "order => order_id, amount => amount".into());
        if let Some(day) = self.as_of {
            add(true, format!("as_of => DATE '{day}'"));
        }
        let Self {
            unit,
            periods,
            mode,
            clock,
            ..
        } = self;
        format!(
            "SELECT * FROM cohort_retention(t, customer => customer, ts => ts, unit => '{unit}', \
             periods => {periods}, mode => '{mode}', clock => '{clock}'{options})"
        )
    }

    fn begins(&self, order: &Order) -> bool {
        !self.starts || order.item.as_deref().is_some_and(|item| item != "item 0")
    }

    fn comes_back(&self, order: &Order) -> bool {
        !self.returns || order.cents.is_some_and(|cents| cents > 1_000)
    }

    fn start(&self, at: NaiveDateTime) -> NaiveDateTime {
        let day = at.date();
        let first = match self.unit {
            "day" => day,
            "week" => day.week(chrono::Weekday::Mon).first_day(),
            "month" => day.with_day(1).unwrap(),
            "quarter" => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap(),
            _ => NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap(),
        };
        first.and_time(NaiveTime::MIN)
    }

    fn plus(&self, at: NaiveDateTime, periods: i64) -> NaiveDateTime {
        let periods = u32::try_from(periods).unwrap();
        match self.unit {
            "day" => at + Days::new(periods.into()),
            "week" => at + Days::new(u64::from(periods) * 7),
            "month" => at + Months::new(periods),
            "quarter" => at + Months::new(periods * 3),
            _ => at + Months::new(periods * 12),
        }
    }

    fn origin(&self, first: NaiveDateTime) -> NaiveDateTime {
        match self.clock {
            "rolling" => first,
            _ => self.start(first),
        }
    }

    fn period(&self, first: NaiveDateTime, at: NaiveDateTime) -> i64 {
        let origin = self.origin(first);
        (1..).find(|&k| self.plus(origin, k) > at).unwrap() - 1
    }

    fn counts(&self, active: i64, period: i64) -> bool {
        match self.mode {
            "on" => active == period,
            "on_or_after" => active >= period,
            _ => (1..=period).contains(&active),
        }
    }

    /// The rows of the report.
    fn expected(&self, orders: &[Order]) -> Vec<String> {
        let rows: Vec<(i64, NaiveDateTime, &Order)> = orders
            .iter()
            .filter_map(|order| Some((order.customer?, time(order.at_micros?), order)))
            .filter(|(_, at, _)| self.as_of.is_none_or(|day| at.date() <= day))
            .collect();
        let Some(latest) = rows.iter().map(|(_, at, _)| *at).max() else {
            return Vec::new();
        };
        // Until when one looks, and from when on a period has not begun.
        let (end, begun): (NaiveDateTime, Box<dyn Fn(NaiveDateTime) -> bool>) = match self.as_of {
            None => (latest, Box::new(move |at| at <= latest)),
            Some(day) => {
                let next = (day + Days::new(1)).and_time(NaiveTime::MIN);
                (next, Box::new(move |at| at < next))
            }
        };
        let mut firsts: BTreeMap<i64, (NaiveDateTime, &str)> = BTreeMap::new();
        for (customer, at, order) in rows.iter().filter(|row| self.begins(row.2)) {
            let start = (*at, order.store.as_str());
            let first = firsts.entry(*customer).or_insert(start);
            *first = start.min(*first);
        }
        let mut cohorts: BTreeMap<(&str, NaiveDateTime), Vec<i64>> = BTreeMap::new();
        for (customer, (first, store)) in &firsts {
            let store = if self.by { store } else { "" };
            let cohort = cohorts.entry((store, self.start(*first))).or_default();
            cohort.push(*customer);
        }
        let mut result = Vec::new();
        for ((store, cohort), customers) in cohorts {
            let origins = customers
                .iter()
                .map(|customer| self.origin(firsts[customer].0));
            let (early, late) = (origins.clone().min().unwrap(), origins.max().unwrap());
            for period in 0..=self.periods {
                if !begun(self.plus(early, period)) {
                    break;
                }
                let cell: Vec<_> = rows
                    .iter()
                    .filter(|(customer, at, order)| {
                        customers.contains(customer)
                            && self.comes_back(order)
                            && *at >= firsts[customer].0
                            && self.counts(self.period(firsts[customer].0, *at), period)
                    })
                    .collect();
                let active: BTreeSet<i64> = cell.iter().map(|row| row.0).collect();
                let rate = active.len() as f64 / customers.len() as f64;
                let mut line = format!(
                    "{}|{}|{period}|{}|{rate:?}|{}",
                    cohort.date(),
                    customers.len(),
                    active.len(),
                    self.plus(late, period + 1) <= end
                );
                if self.by {
                    line = format!("{store}|{line}");
                }
                if self.order {
                    let ids: BTreeSet<_> = cell.iter().map(|row| (row.0, row.2.order_id)).collect();
                    let cents: i64 = cell.iter().filter_map(|row| row.2.cents).sum();
                    line = format!("{line}|{}|{}", ids.len(), brute_force::money(cents));
                }
                result.push(line);
            }
        }
        result
    }
}

fn time(micros: i64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(micros).unwrap().naive_utc()
}

async fn compare(rows: &[Order], random: &mut StdRng, sql: &str, mut wanted: Vec<String>) {
    let partitions = [1, 2, 7][random.random_range(0..3)];
    let batch_size = [1, 2, 8192][random.random_range(0..3)];
    let engine = Engine::builder()
        .target_partitions(partitions)
        .batch_size(batch_size)
        .build()
        .await
        .unwrap();
    let schema = batches(&orders(1, 1, 1), 1)[0].schema();
    engine
        .register_batches("t", Some(schema), batches(rows, 11))
        .unwrap();
    let mut got = lines(&engine, sql).await.unwrap();
    got.sort();
    wanted.sort();
    assert_eq!(
        got,
        wanted,
        "{partitions} partitions, batches of {batch_size}, {} rows: {sql}",
        rows.len()
    );
}

#[tokio::test]
async fn cohort_retention_in_all_modes_clocks_and_units() {
    let random = &mut StdRng::seed_from_u64(1_997);
    for seed in 0..60 {
        let rows = orders(seed, [0, 1, 30, 150][random.random_range(0..4)], 12);
        let retention = Retention::random(random);
        compare(&rows, random, &retention.sql(), retention.expected(&rows)).await;
    }
}

#[tokio::test]
async fn rfm_report_with_either_kind_of_ties() {
    let random = &mut StdRng::seed_from_u64(4);
    for seed in 0..12 {
        let rows: Vec<Order> = orders(seed, [1, 2, 9, 300][random.random_range(0..4)], 40)
            .into_iter()
            .map(|order| Order {
                store: "all".into(),
                ..order
            })
            .collect();
        let split = random.random_bool(0.5);
        let ties = if split { "split" } else { "together" };
        let sql = format!(
            "SELECT 'all', customer, recency_days, frequency, monetary, score \
             FROM rfm(t, customer => customer, ts => ts, amount => amount, ties => '{ties}')"
        );
        let wanted = brute_force::rfm(&rows, split);
        compare(&rows, random, &sql, wanted).await;
    }
}

#[tokio::test]
async fn basket_rules_count_what_baskets_hold() {
    let random = &mut StdRng::seed_from_u64(9);
    for seed in 0..12 {
        let rows = orders(seed, [0, 1, 40, 400][random.random_range(0..4)], 5);
        let min_support = [0.0, 0.01, 0.1][random.random_range(0..3)];
        let sql = format!(
            "SELECT antecedent, consequent, baskets_antecedent, baskets_consequent, baskets_both, \
             baskets FROM basket_rules(t, basket => order_id, item => item, min_support => {min_support})"
        );
        compare(&rows, random, &sql, rules(&rows, min_support)).await;
    }
}

#[tokio::test]
async fn basket_rules_of_sets_count_what_baskets_hold() {
    let random = &mut StdRng::seed_from_u64(10);
    for seed in 0..12 {
        let rows = orders(seed, [0, 1, 40, 400][random.random_range(0..4)], 5);
        let min_support = [0.0, 0.01, 0.1][random.random_range(0..3)];
        let length = random.random_range(3..6);
        let sql = format!(
            "SELECT array_to_string(antecedent, '+'), array_to_string(consequent, '+'), \
             baskets_antecedent, baskets_consequent, baskets_both, baskets FROM basket_rules(t, \
             basket => order_id, item => item, min_support => {min_support}, max_length => {length})"
        );
        compare(&rows, random, &sql, rules_of(&rows, min_support, length)).await;
    }
}

/// The rules of one item each side.
fn rules(orders: &[Order], min_support: f64) -> Vec<String> {
    rules_of(orders, min_support, 2)
}

/// antecedent | consequent | baskets with the one, the other, both | baskets
fn rules_of(orders: &[Order], min_support: f64, length: usize) -> Vec<String> {
    let mut baskets: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for order in orders {
        if let Some(item) = &order.item {
            baskets.entry(order.order_id).or_default().insert(item);
        }
    }
    // Every set that some basket holds, with how many do.
    let mut sets: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for basket in baskets.values() {
        let mut held: Vec<Vec<&str>> = vec![Vec::new()];
        for item in basket {
            let longer = held.iter().filter(|set| set.len() < length);
            let with: Vec<Vec<&str>> = longer
                .map(|set| [set.as_slice(), &[*item]].concat())
                .collect();
            held.extend(with);
        }
        for set in held {
            *sets.entry(set).or_default() += 1;
        }
    }
    let mut result = Vec::new();
    for (set, both) in sets.iter().filter(|(set, _)| set.len() > 1) {
        if (*both as f64) / (baskets.len() as f64) < min_support {
            continue;
        }
        for mask in 1..(1 << set.len()) - 1 {
            let side = |wanted: usize| -> Vec<&str> {
                let chosen = (0..set.len()).filter(|index| mask >> index & 1 == wanted);
                chosen.map(|index| set[index]).collect()
            };
            let (antecedent, consequent) = (side(1), side(0));
            result.push(format!(
                "{}|{}|{}|{}|{both}|{}",
                antecedent.join("+"),
                consequent.join("+"),
                sets[&antecedent],
                sets[&consequent],
                baskets.len()
            ));
        }
    }
    result
}
