//! Freshness: how long ago the latest row of a source is, by the clock.

use std::time::Duration;

use serde::Deserialize;

use super::expectation::condition;
use super::limits::Verdict;
use crate::config::parse_duration;

/// `freshness` of a source as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredFreshness {
    /// The column with the time of a row.
    pub column: String,
    /// After how long it warns, such as `"12 hours"`.
    pub warn_after: Option<String>,
    /// After how long it fails.
    pub error_after: Option<String>,
    /// A condition in SQL on the rows that are looked at.
    #[serde(rename = "where")]
    pub condition: Option<String>,
}

/// What is expected of a source's latest row.
#[derive(Debug, Clone)]
pub(super) struct Freshness {
    pub(super) column: String,
    warn_after: Option<Duration>,
    pub(super) error_after: Option<Duration>,
}

impl Freshness {
    /// Checks what is written; the condition on rows comes with it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(declared: &DeclaredFreshness) -> Result<(Self, Option<String>), String> {
        let duration = |name: &str, text: &Option<String>| {
            let parsed = text.as_deref().map(parse_duration).transpose();
            parsed.map_err(|message| format!("{name}: {message}"))
        };
        let warn_after = duration("warn_after", &declared.warn_after)?;
        let error_after = duration("error_after", &declared.error_after)?;
        match (warn_after, error_after) {
            (None, None) => {
                return Err("needs warn_after, error_after or both, such as \"1 day\"".to_owned());
            }
            (Some(warn), Some(error)) if warn >= error => {
                return Err("warn_after must be shorter than error_after".to_owned());
            }
            _ => {}
        }
        let freshness = Self {
            column: declared.column.clone(),
            warn_after,
            error_after,
        };
        let filter = declared.condition.as_deref().map(condition).transpose()?;
        Ok((freshness, filter))
    }

    /// Judges the age of the latest row; none is there when there are no rows.
    pub(super) fn judge(&self, age: Option<Duration>) -> Verdict {
        let exceeds =
            |limit: Option<Duration>| limit.is_some_and(|limit| age.is_none_or(|age| age > limit));
        match (exceeds(self.error_after), exceeds(self.warn_after)) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Warn,
            (false, false) => Verdict::Pass,
        }
    }
}

/// A length of time for people, in the largest unit of which there are two.
pub(super) fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    match units.iter().find(|(length, _)| seconds >= 2 * length) {
        Some((length, unit)) => format!("{} {unit}", seconds / length),
        None => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freshness(warn: Option<&str>, error: Option<&str>) -> Result<Freshness, String> {
        let declared = DeclaredFreshness {
            column: "at".to_owned(),
            warn_after: warn.map(str::to_owned),
            error_after: error.map(str::to_owned),
            condition: None,
        };
        Freshness::of(&declared).map(|(freshness, _)| freshness)
    }

    #[test]
    fn the_age_of_the_latest_row_decides() {
        let both = freshness(Some("12 hours"), Some("1 day")).unwrap();
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (age, verdict) in [
            (hours(12), Verdict::Pass),
            (hours(13), Verdict::Warn),
            (hours(24), Verdict::Warn),
            (hours(25), Verdict::Fail),
            (None, Verdict::Fail),
        ] {
            assert_eq!(both.judge(age), verdict, "{age:?}");
        }
        let warns = freshness(Some("5 minutes"), None).unwrap();
        assert_eq!(warns.judge(None), Verdict::Warn);
        assert_eq!(shown(Duration::from_secs(3 * 86_400 + 5)), "3 days");
        assert_eq!(shown(Duration::from_secs(7_000)), "116 minutes");
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for (warn, error, expected) in [
            (None, None, "needs warn_after"),
            (Some("2 days"), Some("1 day"), "must be shorter"),
            (Some("soon"), None, "warn_after: expected a duration"),
        ] {
            let error = freshness(warn, error).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
