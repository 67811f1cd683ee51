//! `basket_rules`: which items are bought together more often than apart.
//!
//! A basket holds each item once. The baskets' items are gathered, which is done once; from them
//! the baskets and the items are counted. Only what is in at least `min_support` of the baskets
//! goes on, as numbers:
//!
//! - rules of one item each side: the pairs of each basket are counted, and each frequent pair
//!   gives two rules, antecedent → consequent and back;
//! - longer ones: each basket gives, for each of its items, the item with those before it. Grouped
//!   by their last item these prefixes hold all that is needed to find the frequent sets that end
//!   in it, so that all items are searched at a time (Li, Wang, Zhang, Zhang & Chang 2008). Each
//!   set gives a rule for every split into two; the counts of both sides are those of sets as well,
//!   since what is part of a frequent set is frequent.
//!
//! Every step over lines, baskets, pairs or prefixes is a GROUP BY, so that it spreads over cores
//! and spills; only the frequent items come together in one row, and the frequent sets in the
//! memory of a join. `basket_metrics` measures the rules.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::Argument;
use super::call::Call;
use super::query::in_own_type;

/// Items of a rule, both sides together, unless `max_length` says otherwise.
const ITEMS_OF_A_RULE: i64 = 2;

/// The most that it may say: a set of ten items has a thousand rules.
const MOST_ITEMS_OF_A_RULE: i64 = 10;

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
                Argument::required(
                    "basket",
                    "any single value",
                    "Which lines belong together. Lines where it is NULL are skipped.",
                ),
                Argument::required(
                    "item",
                    "any single value",
                    "What is in them. Lines where it is NULL are skipped.",
                ),
                Argument::required(
                    "min_support",
                    "a constant number",
                    "The share of baskets, 0 to 1, that must hold all items of a rule, inclusive.",
                ),
                Argument::optional(
                    "min_confidence",
                    "a constant number",
                    "0",
                    "The least confidence of a rule, 0 to 1, inclusive.",
                ),
                Argument::optional(
                    "min_lift",
                    "a constant number",
                    "0",
                    "The least lift of a rule, 0 or more, inclusive.",
                ),
                Argument::optional(
                    "max_length",
                    "a constant whole number",
                    "2",
                    "The most items of a rule, both sides together: 2 to 10.",
                ),
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.key("basket")?;
        let item = call.returned_key("item")?;
        let min_support = call.number("min_support", 0.0..=1.0, 0.0)?;
        let min_confidence = call.number("min_confidence", 0.0..=1.0, 0.0)?;
        let min_lift = call.number("min_lift", 0.0..=f64::MAX, 0.0)?;
        let length = call.whole_number(
            "max_length",
            ITEMS_OF_A_RULE..=MOST_ITEMS_OF_A_RULE,
            ITEMS_OF_A_RULE,
        )?;
        // Lists stay as functions give them: few clients read lists of views.
        let (counted, side) = match length {
            ITEMS_OF_A_RULE => (rules_of_pairs(min_support), item),
            longer => (rules_of_sets(min_support, longer), None),
        };
        call.plan(&format!(
            "WITH {}, {counted}, {}",
            items(min_support),
            measured(side.as_ref(), min_confidence, min_lift)
        ))
    }
}

/// A DOUBLE as SQL.
fn double(value: f64) -> String {
    format!("CAST('{value:e}' AS DOUBLE)")
}

/// What each basket holds, how many there are, and the frequent items in order, as one row.
fn items(min_support: f64) -> String {
    let min_support = double(min_support);
    format!(
        "_rules_lines AS (
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
           WHERE CAST(n_item AS DOUBLE) / (SELECT n FROM _rules_total) >= {min_support})"
    )
}

/// The counts of the rules of one item each side.
fn rules_of_pairs(min_support: f64) -> String {
    let min_support = double(min_support);
    format!(
        "_rules_frequent AS (
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
           FROM (SELECT *, unnest([1, 0]) AS forth FROM _rules_named))"
    )
}

/// The counts of the rules of sets of up to `length` items, lists of items each side.
fn rules_of_sets(min_support: f64, length: i64) -> String {
    let min_support = double(min_support);
    format!(
        "_rules_found AS (
           SELECT prefix_itemsets(prefix, n, {min_support}, {length}) AS sets
           FROM (SELECT unnest(item_prefixes(items, (SELECT items FROM _rules_listed))) AS prefix,
                   (SELECT n FROM _rules_total) AS n
                 FROM _rules_contents)
           GROUP BY prefix[-1]),
         _rules_sets AS (
           SELECT found['places'] AS places, found['baskets'] AS n_set
           FROM (SELECT unnest(sets) AS found FROM _rules_found)),
         _rules_named AS (
           SELECT places, items_at(places, (SELECT items FROM _rules_listed)) AS items, n_set
           FROM _rules_sets),
         _rules_split AS (
           SELECT split['antecedent'] AS antecedent, split['consequent'] AS consequent, n_both
           FROM (SELECT unnest(itemset_splits(places)) AS split, n_set AS n_both
                 FROM _rules_sets)),
         _rules_directed AS (
           SELECT a.items AS antecedent, c.items AS consequent, a.n_set AS n_a, c.n_set AS n_c,
             n_both, (SELECT n FROM _rules_total) AS n
           FROM _rules_named AS c JOIN (
             _rules_named AS a JOIN _rules_split AS s ON a.places = s.antecedent)
           ON c.places = s.consequent)"
    )
}

/// The rules that are wanted, with all that is said of them. Each side gets the type `side`, if it
/// is to have another than it has.
fn measured(side: Option<&DataType>, min_confidence: f64, min_lift: f64) -> String {
    let (min_confidence, min_lift) = (double(min_confidence), double(min_lift));
    let own = |name: &str| side.map_or_else(|| name.to_string(), |side| in_own_type(name, side));
    format!(
        "_rules_measured AS (
           SELECT *, basket_metrics(n, n_a, n_c, n_both) AS m FROM _rules_directed)
         SELECT {antecedent} AS antecedent, {consequent} AS consequent,
           n_a AS baskets_antecedent, n_c AS baskets_consequent, n_both AS baskets_both,
           n AS baskets, m['support'] AS support, m['confidence'] AS confidence,
           m['lift'] AS lift, m['leverage'] AS leverage, m['conviction'] AS conviction,
           m['zhang'] AS zhang, m['jaccard'] AS jaccard, m['certainty'] AS certainty,
           m['kulczynski'] AS kulczynski
         FROM _rules_measured
         WHERE m['confidence'] >= {min_confidence} AND m['lift'] >= {min_lift}",
        antecedent = own("antecedent"),
        consequent = own("consequent"),
    )
}
