//! Baskets: what is bought together.

mod basket_lift;
mod basket_metrics;
mod frequent_itemsets;
mod item_pairs;
mod item_prefixes;
mod items_at;
mod itemset;
mod itemset_list;
mod itemset_splits;
mod limits;
mod line_search;
mod lines;
mod over_frequent;
mod pair_list;
mod prefix_itemsets;
#[cfg(test)]
mod testing;

use over_frequent::FrequentFunction;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Baskets",
        functions: vec![
            Entry::aggregate(basket_lift::BasketLift),
            Entry::aggregate(frequent_itemsets::FrequentItemsets),
            Entry::per_row(basket_metrics::BasketMetrics),
            Entry::aggregate(itemset::Itemset),
            Entry::scalar(FrequentFunction::new(item_pairs::ItemPairs)),
            Entry::scalar(FrequentFunction::new(item_prefixes::ItemPrefixes)),
            Entry::aggregate(prefix_itemsets::PrefixItemsets),
            Entry::per_row(itemset_splits::ItemsetSplits),
            Entry::scalar(FrequentFunction::new(items_at::ItemsAt)),
        ],
    }
}
