//! How much two sets of items go together, from four counts of baskets.
//!
//! Every measure is one fraction of whole numbers, divided only at the end: what is 0 is exactly
//! 0, however close the shares are, and no case is told from another by rounding.

/// Baskets in all, with the antecedent, with the consequent, and with both; they fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    all: i128,
    antecedent: i128,
    consequent: i128,
    both: i128,
}

/// What is measured, in the order in which it is returned.
pub(crate) const MEASURES: [&str; 9] = [
    "support",
    "confidence",
    "lift",
    "leverage",
    "conviction",
    "zhang",
    "jaccard",
    "certainty",
    "kulczynski",
];

impl Counts {
    /// The counts `n`, `n_a`, `n_c` and `n_ac`, or what is impossible about them.
    pub(crate) fn new(n: i64, n_a: i64, n_c: i64, n_ac: i64) -> Result<Self, String> {
        let named = [("n", n), ("n_a", n_a), ("n_c", n_c), ("n_ac", n_ac)];
        if let Some((name, count)) = named.iter().find(|(_, count)| *count < 0) {
            return Err(format!("{name} can't be negative, got {count}"));
        }
        let pairs = [
            (named[1], named[0]),
            (named[2], named[0]),
            (named[3], named[1]),
            (named[3], named[2]),
        ];
        if let Some(((part, less), (whole, more))) =
            pairs.iter().find(|((_, part), (_, whole))| part > whole)
        {
            return Err(format!(
                "{part} can't be above {whole}, got {less} and {more}"
            ));
        }
        let counts = Self {
            all: n.into(),
            antecedent: n_a.into(),
            consequent: n_c.into(),
            both: n_ac.into(),
        };
        if counts.either() > counts.all {
            return Err(format!(
                "n_a + n_c - n_ac can't be above n, got {} and {n}",
                counts.either()
            ));
        }
        Ok(counts)
    }

    /// Baskets with the antecedent or the consequent.
    fn either(&self) -> i128 {
        self.antecedent + self.consequent - self.both
    }

    /// The [`MEASURES`], each `None` where it is not defined; all are, unless the antecedent or
    /// the consequent is in no basket. `None` without baskets.
    pub(crate) fn measures(&self) -> Option<[Option<f64>; 9]> {
        let Self {
            all: n,
            antecedent: a,
            consequent: c,
            both,
        } = *self;
        if n == 0 {
            return None;
        }
        // Leverage and certainty, as fractions of n² and of a · (n − c).
        let above_chance = both * n - a * c;
        let conviction = if both == a && a > 0 {
            Some(f64::INFINITY)
        } else {
            fraction(a * (n - c), n * (a - both))
        };
        let certainty = match n - c {
            0 if a > 0 => Some(0.0),
            without => fraction(above_chance, a * without),
        };
        let most = (both * (n - a)).max(a * (c - both));
        let zhang = match most {
            0 => Some(0.0),
            _ => fraction(above_chance, most),
        };
        let (forth, back) = (fraction(both, a), fraction(both, c));
        Some([
            fraction(both, n),
            forth,
            fraction(both * n, a * c),
            fraction(above_chance, n * n),
            conviction,
            zhang,
            fraction(both, self.either()),
            certainty,
            forth.zip(back).map(|(forth, back)| (forth + back) / 2.0),
        ])
    }
}

fn fraction(numerator: i128, denominator: i128) -> Option<f64> {
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn measures(n: i64, n_a: i64, n_c: i64, n_ac: i64) -> [Option<f64>; 9] {
        Counts::new(n, n_a, n_c, n_ac).unwrap().measures().unwrap()
    }

    /// Five baskets, four with the one, three with the other, three with both:
    /// leverage 3/5 − 4/5 · 3/5, conviction (2/5) / (1/4), zhang 0.12 / max(3/5 · 1/5, 0),
    /// certainty (3/4 − 3/5) / (2/5), kulczynski (3/4 + 1) / 2.
    #[test]
    fn measures_of_five_baskets() {
        let wanted = [0.6, 0.75, 1.25, 0.12, 1.6, 1.0, 0.75, 0.375, 0.875];
        assert_eq!(measures(5, 4, 3, 3), wanted.map(Some));
        // The other way round the confidence is 1.
        let infinite = f64::INFINITY;
        let wanted = [0.6, 1.0, 1.25, 0.12, infinite, 0.5, 0.75, 1.0, 0.875];
        assert_eq!(measures(5, 3, 4, 3), wanted.map(Some));
    }

    #[test]
    fn measures_at_the_edges() {
        let infinite = f64::INFINITY;
        // The consequent is in every basket.
        let wanted = [0.5, 1.0, 1.0, 0.0, infinite, 0.0, 0.5, 0.0, 0.75];
        assert_eq!(measures(2, 1, 2, 1), wanted.map(Some));
        // Both are.
        let wanted = [1.0, 1.0, 1.0, 0.0, infinite, 0.0, 1.0, 0.0, 1.0];
        assert_eq!(measures(3, 3, 3, 3), wanted.map(Some));
        // Never together: 0 − 1/4, (1/2) / 1, −1/4 over 1/2 · 1/2, (0 − 1/2) / (1/2).
        let wanted = [0.0, 0.0, 0.0, -0.25, 0.5, -1.0, 0.0, -1.0, 0.0];
        assert_eq!(measures(4, 2, 2, 0), wanted.map(Some));
        // No antecedent: nothing can be said of it.
        let [support, confidence, .., certainty, kulczynski] = measures(4, 0, 2, 0);
        assert_eq!((support, confidence), (Some(0.0), None));
        assert_eq!((certainty, kulczynski), (None, None));
        assert_eq!(measures(4, 0, 4, 0)[7], None);
        assert_eq!(Counts::new(0, 0, 0, 0).unwrap().measures(), None);
    }

    #[test]
    fn impossible_counts_are_told() {
        let told = |n, n_a, n_c, n_ac| Counts::new(n, n_a, n_c, n_ac).unwrap_err();
        assert_eq!(told(-1, 0, 0, 0), "n can't be negative, got -1");
        assert_eq!(
            told(5, 2, 2, i64::MIN),
            format!("n_ac can't be negative, got {}", i64::MIN)
        );
        assert_eq!(told(5, 6, 2, 1), "n_a can't be above n, got 6 and 5");
        assert_eq!(told(5, 2, 6, 1), "n_c can't be above n, got 6 and 5");
        assert_eq!(told(5, 2, 3, 3), "n_ac can't be above n_a, got 3 and 2");
        assert_eq!(told(5, 3, 2, 3), "n_ac can't be above n_c, got 3 and 2");
        assert_eq!(
            told(5, 3, 3, 0),
            "n_a + n_c - n_ac can't be above n, got 6 and 5"
        );
        let largest = i64::MAX;
        assert_eq!(measures(largest, largest, largest, largest)[3], Some(0.0));
    }

    /// The definitions in shares, as they are written elsewhere, on random counts.
    #[test]
    fn fractions_equal_shares() {
        let random = &mut StdRng::seed_from_u64(3);
        for _ in 0..20_000 {
            let n = random.random_range(1..1_000);
            let (n_a, n_c) = (random.random_range(1..=n), random.random_range(1..=n));
            let n_ac = random.random_range((n_a + n_c - n).max(0)..=n_a.min(n_c));
            let [s, a, c] = [n_ac, n_a, n_c].map(|count| count as f64 / n as f64);
            let confidence = n_ac as f64 / n_a as f64;
            let most = (s * (1.0 - a)).max(a * (c - s));
            let wanted = [
                s,
                confidence,
                confidence / c,
                s - a * c,
                match n_ac == n_a {
                    true => f64::INFINITY,
                    false => (1.0 - c) / (1.0 - confidence),
                },
                match n_ac * (n - n_a) == 0 && n_c == n_ac {
                    true => 0.0,
                    false => (s - a * c) / most,
                },
                s / (a + c - s),
                match n_c == n {
                    true => 0.0,
                    false => (confidence - c) / (1.0 - c),
                },
                (confidence + n_ac as f64 / n_c as f64) / 2.0,
            ];
            let found = measures(n, n_a, n_c, n_ac);
            for (index, (found, wanted)) in found.into_iter().zip(wanted).enumerate() {
                let found = found.unwrap();
                assert!(
                    found == wanted || (found - wanted).abs() < 1e-11 * wanted.abs().max(1.0),
                    "{} of {n} {n_a} {n_c} {n_ac}: {found}, {wanted}",
                    MEASURES[index]
                );
            }
        }
    }
}
