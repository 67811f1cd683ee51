//! Names for combinations of recency, frequency and monetary scores from 1 to 5.

/// A way to name them. In each, the first rule that fits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RfmMap {
    /// Ten segments on recency and frequency, the grid of marketing tools.
    Rf10,
    /// The nine segments of an event warehouse.
    Events9,
    /// The seven segments of an order warehouse.
    Warehouse7,
}

impl RfmMap {
    /// Every map, the default first.
    pub(crate) const ALL: [Self; 3] = [Self::Rf10, Self::Events9, Self::Warehouse7];

    /// The name by which it is chosen.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rf10 => "rf10",
            Self::Events9 => "events9",
            Self::Warehouse7 => "warehouse7",
        }
    }

    /// The segment of a customer with the scores `r`, `f` and `m`, each from 1 to 5.
    pub(crate) const fn segment(self, r: i64, f: i64, m: i64) -> &'static str {
        match self {
            Self::Rf10 => rf10(r, f),
            Self::Events9 => events9(r, f, m),
            Self::Warehouse7 => warehouse7(r, f, m),
        }
    }
}

const fn rf10(r: i64, f: i64) -> &'static str {
    match (r, f) {
        (..=2, ..=2) => "Hibernating",
        (..=2, 3..=4) => "At Risk",
        (..=2, _) => "Can't Lose",
        (3, ..=2) => "About to Sleep",
        (3, 3) => "Need Attention",
        (3..=4, 4..) => "Loyal Customers",
        (4, 1) => "Promising",
        (5, 1) => "New Customers",
        (4.., 2 | 3) => "Potential Loyalists",
        _ => "Champions",
    }
}

const fn events9(r: i64, f: i64, m: i64) -> &'static str {
    match (r, f, m) {
        (4.., 4.., 4..) => "Champions",
        (..=2, 4.., 4..) => "At Risk",
        (4.., 3.., _) => "Loyal Customers",
        (3.., 3.., _) => "Potential Loyalists",
        (4.., _, _) => "Recent Customers",
        (3, _, _) => "Promising",
        (_, 3.., _) => "About To Sleep",
        (_, _, ..=2) => "Lost",
        _ => "Needs Attention",
    }
}

const fn warehouse7(r: i64, f: i64, m: i64) -> &'static str {
    match (r, f, m) {
        (4.., 4.., 4..) => "Champions",
        (3.., 3.., 3..) => "Loyal Customers",
        (4.., ..=2, _) => "New Customers",
        (..=2, 3.., _) => "At Risk",
        (..=2, _, _) => "Lost Customers",
        (_, ..=2, _) => "Potential Loyalists",
        _ => "Regular Customers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A condition on the scores and the segment that it means.
    type Rule = (fn(i64, i64, i64) -> bool, &'static str);

    fn agrees(map: RfmMap, rules: &[Rule]) {
        for r in 1..=5 {
            for f in 1..=5 {
                for m in 1..=5 {
                    let rule = rules.iter().find(|(fits, _)| fits(r, f, m));
                    let expected = rule.map(|(_, segment)| *segment);
                    assert_eq!(Some(map.segment(r, f, m)), expected, "{map:?} {r}{f}{m}");
                }
            }
        }
    }

    /// The grid as it is published, cell by cell: a row an r, a column an f.
    #[test]
    fn rf10_is_the_published_grid() {
        let (hi, ri, lo) = ("Hibernating", "At Risk", "Can't Lose");
        let (ab, ne, ly) = ("About to Sleep", "Need Attention", "Loyal Customers");
        let (pr, po, nc, ch) = (
            "Promising",
            "Potential Loyalists",
            "New Customers",
            "Champions",
        );
        let grid = [
            [hi, hi, ri, ri, lo],
            [hi, hi, ri, ri, lo],
            [ab, ab, ne, ly, ly],
            [pr, po, po, ly, ly],
            [nc, po, po, ch, ch],
        ];
        for (r, row) in (1..).zip(grid) {
            for (f, segment) in (1..).zip(row) {
                for m in 1..=5 {
                    assert_eq!(RfmMap::Rf10.segment(r, f, m), segment, "{r}{f}{m}");
                }
            }
        }
    }

    #[test]
    fn events9_is_its_rules_in_order() {
        agrees(
            RfmMap::Events9,
            &[
                (|r, f, m| r >= 4 && f >= 4 && m >= 4, "Champions"),
                (|r, f, m| r <= 2 && f >= 4 && m >= 4, "At Risk"),
                (|r, f, _| r >= 4 && f >= 3, "Loyal Customers"),
                (|r, f, _| r >= 3 && f >= 3, "Potential Loyalists"),
                (|r, f, _| r >= 4 && f < 3, "Recent Customers"),
                (|r, f, _| r == 3 && f < 3, "Promising"),
                (|r, f, _| r <= 2 && f >= 3, "About To Sleep"),
                (|r, f, m| r <= 2 && f <= 2 && m <= 2, "Lost"),
                (|_, _, _| true, "Needs Attention"),
            ],
        );
    }

    #[test]
    fn warehouse7_is_its_rules_in_order() {
        agrees(
            RfmMap::Warehouse7,
            &[
                (|r, f, m| r >= 4 && f >= 4 && m >= 4, "Champions"),
                (|r, f, m| r >= 3 && f >= 3 && m >= 3, "Loyal Customers"),
                (|r, f, _| r >= 4 && f <= 2, "New Customers"),
                (|r, f, _| r <= 2 && f >= 3, "At Risk"),
                (|r, f, _| r <= 2 && f <= 2, "Lost Customers"),
                (|r, f, _| r >= 3 && f <= 2, "Potential Loyalists"),
                (|_, _, _| true, "Regular Customers"),
            ],
        );
    }
}
