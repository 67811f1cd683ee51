//! The products of the made-up shop: what a product's number says of it.
//!
//! Nothing is stored: category, brand and price are drawn from the bits that belong to the
//! product, so that a million products cost nothing.

use super::random::mixed;

/// Codes of categories, with the share of products in them and a typical price in cents.
/// The empty code is that of products that nobody has sorted, a third of all.
const CATEGORIES: &[(&str, u64, u64)] = &[
    ("", 33, 4_000),
    ("electronics.smartphone", 20, 30_000),
    ("electronics.audio.headphone", 5, 8_000),
    ("electronics.clocks", 5, 15_000),
    ("electronics.video.tv", 4, 45_000),
    ("electronics.tablet", 2, 25_000),
    ("computers.notebook", 5, 60_000),
    ("computers.desktop", 2, 70_000),
    ("computers.peripherals.mouse", 2, 3_000),
    ("appliances.kitchen.refrigerators", 3, 50_000),
    ("appliances.kitchen.washer", 3, 40_000),
    ("appliances.kitchen.kettle", 2, 4_500),
    ("appliances.environment.vacuum", 3, 12_000),
    ("appliances.iron", 1, 5_000),
    ("apparel.shoes", 4, 7_000),
    ("apparel.shirt", 2, 3_000),
    ("furniture.living_room.sofa", 2, 55_000),
    ("kids.carriage", 1, 20_000),
    ("auto.accessories.player", 1, 9_000),
];

/// Brands, the big ones first; a product without one has the empty name.
const BRANDS: &[&str] = &[
    "samsung", "apple", "xiaomi", "", "huawei", "bosch", "lg", "sony", "acer", "lenovo", "hp",
    "lucente", "artel", "redmond", "oppo", "nokia", "casio", "vitek", "polaris", "philips",
    "indesit", "asus", "canon", "jbl", "midea",
];

/// Out of this many the shares of [`CATEGORIES`] are.
const SHARES: u64 = 100;

/// The kinds of products that one category code is divided into.
const KINDS: u64 = 20;

/// What is known of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) id: i64,
    pub(super) category_id: i64,
    pub(super) category_code: Option<&'static str>,
    pub(super) brand: Option<&'static str>,
    pub(super) price_cents: i64,
}

/// The product of a number. Products of numbers that are near each other share a category.
pub(super) fn product(number: u64) -> Product {
    let (category, code, typical) = category(mixed(number / KINDS));
    let bits = mixed(number ^ 0x5bd1_e995);
    let brand = BRANDS[skewed(bits & 0xffff, BRANDS.len())];
    // From a quarter of the typical price to four times it, in steps that end in 9 cents.
    let factor = 25 + (bits >> 16) % 376;
    let price = (typical * factor / 100).max(100) / 10 * 10 + 9;
    Product {
        id: signed(1_000_000 + number * 7 + bits % 7),
        category_id: signed(2_053_013_552_000_000_000 + category * 1_000_003),
        category_code: Some(code).filter(|code| !code.is_empty()),
        brand: Some(brand).filter(|brand| !brand.is_empty()),
        price_cents: signed(price),
    }
}

/// Number, code and typical price of the category that bits stand for.
fn category(bits: u64) -> (u64, &'static str, u64) {
    let mut luck = bits % SHARES;
    let kind = (bits >> 32) % KINDS;
    for (number, (code, share, price)) in (0..).zip(CATEGORIES) {
        if luck < *share {
            return (number * KINDS + kind, code, *price);
        }
        luck -= share;
    }
    (0, "", 1_000)
}

/// An index below `length`, small ones more often, for 16 bits.
fn skewed(bits: u64, length: usize) -> usize {
    let share = bits as f64 / 65_536.0;
    let index = share * share * length as f64;
    (index as usize).min(length - 1)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_product_is_what_it_always_was() {
        assert_eq!(product(42), product(42));
        assert_eq!(
            CATEGORIES.iter().map(|(_, share, _)| share).sum::<u64>(),
            SHARES
        );
        let ids: HashSet<i64> = (0..10_000).map(|number| product(number).id).collect();
        assert_eq!(ids.len(), 10_000);
        assert!((0..10_000).all(|number| product(number).price_cents > 0));
    }
}
