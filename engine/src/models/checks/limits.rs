//! How many failing rows make a test warn, or fail.

use super::declared::Severity;
use crate::models::yaml::Scalar;

/// A bound on failing rows, which is not exceeded by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    Rows(u64),
    /// A fraction of the rows looked at.
    Share(f64),
}

/// Above what a test warns, and above what it fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    warn: Option<Limit>,
    error: Option<Limit>,
}

/// What a count of failing rows comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Warn,
    Fail,
}

impl Limits {
    /// The limits that are given, or that severity stands for: no failing row at all.
    ///
    /// # Errors
    /// Why what is given does not go together.
    pub(super) fn new(
        severity: Option<Severity>,
        warn_above: Option<&Scalar>,
        error_above: Option<&Scalar>,
    ) -> Result<Self, String> {
        let warn = warn_above.map(|value| Limit::parse("warn_above", value));
        let error = error_above.map(|value| Limit::parse("error_above", value));
        let (warn, error) = (warn.transpose()?, error.transpose()?);
        match (severity, warn, error) {
            (Some(Severity::Warn), _, Some(_)) => {
                Err("severity: warn and error_above exclude each other".to_owned())
            }
            (Some(Severity::Warn), warn, None) => Ok(Self {
                warn: warn.or(Some(Limit::Rows(0))),
                error: None,
            }),
            (_, Some(_), None) => {
                Err("warn_above needs an error_above that is higher, or severity: warn".to_owned())
            }
            (_, Some(warn), Some(error)) if !warn.is_below(error) => Err(format!(
                "warn_above must be lower than error_above, got {warn} and {error}"
            )),
            (_, warn, error) => Ok(Self {
                warn,
                error: error.or(Some(Limit::Rows(0))),
            }),
        }
    }

    /// What the worst is that it may come to.
    pub(super) fn severity(&self) -> Severity {
        match self.error {
            Some(_) => Severity::Error,
            None => Severity::Warn,
        }
    }

    /// Whether it takes the number of rows looked at to judge.
    pub(super) fn has_share(&self) -> bool {
        let limits = [self.warn, self.error];
        limits
            .iter()
            .any(|limit| matches!(limit, Some(Limit::Share(_))))
    }

    /// Judges so many failing rows of those looked at.
    pub(super) fn judge(&self, failures: u64, looked_at: u64) -> Verdict {
        let exceeds = |limit: Option<Limit>| {
            limit.is_some_and(|limit| limit.is_exceeded_by(failures, looked_at))
        };
        match (exceeds(self.error), exceeds(self.warn)) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Warn,
            (false, false) => Verdict::Pass,
        }
    }
}

impl Limit {
    fn parse(name: &str, value: &Scalar) -> Result<Self, String> {
        let expected = || {
            let got = value.text().unwrap_or_else(|| "nothing".to_owned());
            format!("{name} must be a number of rows, or a fraction below 1 of them, got {got}")
        };
        match value {
            Scalar::Integer(rows) => u64::try_from(*rows).map(Self::Rows).map_err(|_| expected()),
            Scalar::Number(share) if *share > 0.0 && *share < 1.0 => Ok(Self::Share(*share)),
            _ => Err(expected()),
        }
    }

    /// Whether it is lower than another, which cannot be told of a number and a fraction.
    fn is_below(self, other: Self) -> bool {
        match (self, other) {
            (Self::Rows(one), Self::Rows(other)) => one < other,
            (Self::Share(one), Self::Share(other)) => one < other,
            _ => true,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a fraction of more rows than a double counts is as good as exact"
    )]
    fn is_exceeded_by(self, failures: u64, looked_at: u64) -> bool {
        match self {
            Self::Rows(most) => failures > most,
            Self::Share(most) => failures as f64 > most * looked_at as f64,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(rows) => rows.fmt(formatter),
            Self::Share(share) => share.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(warn: Option<Scalar>, error: Option<Scalar>) -> Result<Limits, String> {
        Limits::new(None, warn.as_ref(), error.as_ref())
    }

    #[test]
    fn without_limits_no_row_may_fail() {
        let none = limits(None, None).unwrap();
        assert_eq!(none.judge(0, 0), Verdict::Pass);
        assert_eq!(none.judge(1, 100), Verdict::Fail);
        let warn = Limits::new(Some(Severity::Warn), None, None).unwrap();
        assert_eq!(warn.judge(1, 100), Verdict::Warn);
        assert_eq!(warn.severity(), Severity::Warn);
    }

    #[test]
    fn limits_are_rows_or_fractions_of_them() {
        let rows = limits(Some(Scalar::Integer(2)), Some(Scalar::Integer(5))).unwrap();
        for (failures, verdict) in [
            (2, Verdict::Pass),
            (3, Verdict::Warn),
            (5, Verdict::Warn),
            (6, Verdict::Fail),
        ] {
            assert_eq!(rows.judge(failures, 1000), verdict, "{failures}");
        }
        let share = limits(None, Some(Scalar::Number(0.01))).unwrap();
        assert!(share.has_share());
        assert_eq!(share.judge(1, 100), Verdict::Pass);
        assert_eq!(share.judge(2, 100), Verdict::Fail);
        assert_eq!(share.judge(1, 0), Verdict::Fail);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let text = |value: &str| Some(Scalar::Text(value.to_owned()));
        for (warn, error, expected) in [
            (Some(Scalar::Integer(3)), None, "needs an error_above"),
            (
                Some(Scalar::Integer(3)),
                Some(Scalar::Integer(3)),
                "must be lower than error_above, got 3 and 3",
            ),
            (None, text("few"), "error_above must be a number of rows"),
            (None, Some(Scalar::Integer(-1)), "got -1"),
            (None, Some(Scalar::Number(1.5)), "got 1.5"),
        ] {
            let error = limits(warn, error).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let both = Limits::new(Some(Severity::Warn), None, Some(&Scalar::Integer(1)));
        assert!(both.unwrap_err().contains("exclude each other"));
    }
}
