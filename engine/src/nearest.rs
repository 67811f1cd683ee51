//! The nearest name that exists, for messages about names that do not.

/// Names that begin alike are this alike, by Jaro and Winkler, from 0 to 1.
const ALIKE: f64 = 0.75;

/// `; did you mean "orders"?` when a candidate is near, else nothing.
///
/// ```
/// use cohortql_engine::did_you_mean;
///
/// assert_eq!(did_you_mean("ordrs", ["orders", "customers"]), "; did you mean \"orders\"?");
/// assert_eq!(did_you_mean("payments", ["orders"]), "");
/// ```
pub fn did_you_mean<S: AsRef<str>>(
    wanted: &str,
    candidates: impl IntoIterator<Item = S>,
) -> String {
    match nearest(wanted, candidates) {
        Some(near) => format!("; did you mean {:?}?", near.as_ref()),
        None => String::new(),
    }
}

/// The candidate with the fewest slips of the keyboard, when they are few for the name's length;
/// else the one that is most alike, when one is at all: `tz` for `timezone`.
fn nearest<S: AsRef<str>>(wanted: &str, candidates: impl IntoIterator<Item = S>) -> Option<S> {
    let wanted = wanted.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    let measured = candidates.into_iter().map(|candidate| {
        let lower = candidate.as_ref().to_lowercase();
        let slips = strsim::damerau_levenshtein(&wanted, &lower);
        let likeness = strsim::jaro_winkler(&wanted, &lower);
        (candidate, slips, likeness)
    });
    measured
        .filter(|(_, slips, likeness)| *slips <= allowed || *likeness > ALIKE)
        .min_by(|(x, slips_x, like_x), (y, slips_y, like_y)| {
            let few = |slips: usize| slips.min(allowed + 1);
            let by_slips = few(*slips_x).cmp(&few(*slips_y));
            let by_likeness = || like_y.total_cmp(like_x);
            let by_name = || x.as_ref().cmp(y.as_ref());
            by_slips.then_with(by_likeness).then_with(by_name)
        })
        .map(|(candidate, ..)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let tables = ["orders", "customers", "order_lines"];
        for (wanted, near) in [
            ("ordrs", Some("orders")),
            ("CUSTOMER", Some("customers")),
            ("order_items", Some("order_lines")),
            ("payments", None),
            ("zzz", None),
        ] {
            assert_eq!(nearest(wanted, tables), near, "{wanted}");
        }
        assert_eq!(nearest("x", ["y", "a_long_one"]), Some("y"));
        assert_eq!(nearest("timezone", ["ts", "tz"]), Some("tz"));
        assert_eq!(
            nearest("odrers.csv", ["orders.csv", "x.csv"]),
            Some("orders.csv")
        );
    }
}
