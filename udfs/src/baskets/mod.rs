//! Baskets: what is bought together.

mod basket_lift;
mod item_pairs;
mod itemset;
mod lines;
mod pair_list;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Baskets",
        functions: vec![
            Entry::aggregate(basket_lift::BasketLift),
            Entry::aggregate(itemset::Itemset),
            Entry::scalar(item_pairs::ItemPairs::new()),
        ],
    }
}
