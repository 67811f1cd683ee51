//! `basket_rules`: which items are bought together more often than apart.
//!
//! A basket holds each item once. The baskets' items are gathered, which is done once; from them
//! the baskets and the items are counted. Only the pairs of items in at least `min_support` of the
//! baskets are taken apart, each as a number, and counted. Every step over lines, baskets or pairs
//! is a GROUP BY, so that it spreads over cores and spills; only the frequent items and their
//! counts come together in one row. Each frequent pair gives two rules, antecedent → consequent
//! and back.
//!
//! With N baskets, n_a and n_c of them holding antecedent and consequent and n_ac both:
//! support = n_ac/N, confidence = n_ac/n_a, lift = confidence / (n_c/N), leverage = support −
//! n_a·n_c/N², conviction = (1 − n_c/N) / (1 − confidence), infinite at confidence 1;
//! zhang = leverage / max(support·(1 − n_a/N), n_a/N·(n_c/N − support)), 0 over 0 is 0;
//! jaccard = n_ac / (n_a + n_c − n_ac), certainty = (confidence − n_c/N) / (1 − n_c/N), 0 where
//! every basket has the consequent; kulczynski = the mean of the two confidences. As mlxtend.

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::Argument;
use super::call::Call;

/// Items of a rule, both sides together.
const ITEMS_OF_A_RULE: i64 = 2;

/// The report's planner.
#[derive(Debug)]
pub(super) struct BasketRules;

impl Report for BasketRules {
    fn name(&self) -> &'static str {
        "basket_rules"
    }

    fn summary(&self) -> &'static str {
        "Which items are bought together more often than apart, with all basket metrics."
    }

    fn arguments(&self) -> &'static [Argument] {
        const {
            &[
                Argument::required("basket"),
                Argument::required("item"),
                Argument::required("min_support"),
                Argument::optional("min_confidence"),
                Argument::optional("min_lift"),
                Argument::optional("max_length"),
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.key("basket")?;
        call.returned_key("item")?;
        let min_support = call.number("min_support", 0.0..=1.0, 0.0)?;
        let min_confidence = call.number("min_confidence", 0.0..=1.0, 0.0)?;
        let min_lift = call.number("min_lift", 0.0..=f64::MAX, 0.0)?;
        let length = call.whole_number("max_length", 2..=i64::MAX, ITEMS_OF_A_RULE)?;
        if length > ITEMS_OF_A_RULE {
            return plan_err!(
                "argument \"max_length\" of basket_rules must be 2: rules are of one item each \
                 side, got {length}"
            );
        }
        call.plan(&sql(min_support, min_confidence, min_lift))
    }
}

fn sql(min_support: f64, min_confidence: f64, min_lift: f64) -> String {
    let double = |value: f64| format!("CAST('{value:e}' AS DOUBLE)");
    let (min_support, min_confidence, min_lift) = (
        double(min_support),
        double(min_confidence),
        double(min_lift),
    );
    format!(
        "WITH _rules_lines AS (
           SELECT basket, item FROM (SELECT $basket AS basket, $item AS item FROM \"$input\")
           WHERE basket IS NOT NULL AND item IS NOT NULL),
         _rules_contents AS (SELECT itemset(item) AS items FROM _rules_lines GROUP BY basket),
         _rules_total AS (SELECT count(items) AS n FROM _rules_contents),
         _rules_counts AS (
           SELECT item, count(*) AS n_item
           FROM (SELECT unnest(items) AS item FROM _rules_contents) GROUP BY item),
         _rules_listed AS (
           SELECT array_agg(item ORDER BY item) AS items,
             array_agg(n_item ORDER BY item) AS counts, count(item) AS n
           FROM _rules_counts
           WHERE CAST(n_item AS DOUBLE) / (SELECT n FROM _rules_total) >= {min_support}),
         _rules_frequent AS (
           SELECT unnest(items) AS item, unnest(counts) AS n_item, unnest(range(1, n + 1)) AS place
           FROM _rules_listed),
         _rules_pairs AS (
           SELECT pair, count(*) AS n_both, max(n) AS n
           FROM (SELECT unnest(item_pairs(items, (SELECT items FROM _rules_listed))) AS pair,
                   (SELECT n FROM _rules_total) AS n
                 FROM _rules_contents)
           GROUP BY pair),
         _rules_named AS (
           SELECT a.item AS item_a, b.item AS item_b, a.n_item AS n_a, b.n_item AS n_b, n_both, n
           FROM _rules_frequent AS b JOIN (
             _rules_frequent AS a JOIN (
               SELECT * FROM _rules_pairs WHERE CAST(n_both AS DOUBLE) / n >= {min_support}) AS p
             ON a.place = p.pair >> 32)
           ON b.place = p.pair & 4294967295),
         _rules_directed AS (
           SELECT CASE forth WHEN 1 THEN item_a ELSE item_b END AS antecedent,
             CASE forth WHEN 1 THEN item_b ELSE item_a END AS consequent,
             CASE forth WHEN 1 THEN n_a ELSE n_b END AS n_a,
             CASE forth WHEN 1 THEN n_b ELSE n_a END AS n_c, n_both, n
           FROM (SELECT *, unnest([1, 0]) AS forth FROM _rules_named)),
         _rules_measured AS (
           SELECT *, CAST(n_a AS DOUBLE) / n AS support_a, CAST(n_c AS DOUBLE) / n AS support_c,
             CAST(n_both AS DOUBLE) / n AS support, CAST(n_both AS DOUBLE) / n_a AS confidence,
             CAST(n_both AS DOUBLE) * n / (CAST(n_a AS DOUBLE) * n_c) AS lift,
             CAST(n_both AS DOUBLE) / n - CAST(n_a AS DOUBLE) / n * (CAST(n_c AS DOUBLE) / n)
               AS leverage
           FROM _rules_directed)
         SELECT antecedent, consequent, n_a AS baskets_antecedent, n_c AS baskets_consequent,
           n_both AS baskets_both, n AS baskets, support, confidence, lift, leverage,
           CASE WHEN n_both = n_a THEN CAST('Infinity' AS DOUBLE)
             ELSE (CAST(1 AS DOUBLE) - support_c) / (CAST(1 AS DOUBLE) - confidence)
           END AS conviction,
           CASE WHEN greatest(support * (CAST(1 AS DOUBLE) - support_a),
                              support_a * (support_c - support)) = 0 THEN CAST(0 AS DOUBLE)
             ELSE leverage / greatest(support * (CAST(1 AS DOUBLE) - support_a),
                                      support_a * (support_c - support))
           END AS zhang,
           CAST(n_both AS DOUBLE) / (n_a + n_c - n_both) AS jaccard,
           CASE WHEN n_c = n THEN CAST(0 AS DOUBLE)
             ELSE (confidence - support_c) / (CAST(1 AS DOUBLE) - support_c)
           END AS certainty,
           (confidence + CAST(n_both AS DOUBLE) / n_c) / 2 AS kulczynski
         FROM _rules_measured
         WHERE confidence >= {min_confidence} AND lift >= {min_lift}"
    )
}
