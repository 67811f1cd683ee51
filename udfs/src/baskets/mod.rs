//! Baskets: what is bought together.

mod basket_lift;
mod lines;
mod pair_list;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Baskets",
        functions: vec![Entry::aggregate(basket_lift::BasketLift::new())],
    }
}
