//! Calendar periods: days, weeks, months, quarters and years, each with a number.

use super::calendar::{civil, day_of, month_start};

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A calendar day.
    Day,
    /// A week from Monday to Sunday, as in ISO 8601.
    Week,
    /// A calendar month.
    Month,
    /// Three months, from January, April, July or October.
    Quarter,
    /// A calendar year.
    Year,
}

/// Days from a Monday to 1970-01-01, a Thursday.
const DAYS_FROM_MONDAY: i64 = 3;

impl Unit {
    /// All units, the shortest first.
    pub(crate) const ALL: [Self; 5] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// The names of all units.
    pub const NAMES: [&str; 5] = ["day", "week", "month", "quarter", "year"];

    /// The unit of a name; `None` when there is none.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The number of the period that holds the day `days` after 1970-01-01; the next
    /// period's is one higher.
    pub(crate) fn ordinal(self, days: i64) -> i64 {
        let month = || {
            let (year, month, _) = civil(days);
            year * 12 + i64::from(month) - 1
        };
        match self {
            Self::Day => days,
            Self::Week => (days + DAYS_FROM_MONDAY).div_euclid(7),
            Self::Month => month(),
            Self::Quarter => month().div_euclid(3),
            Self::Year => civil(days).0,
        }
    }

    /// The first day of the period that holds the day `days` after 1970-01-01.
    pub(crate) fn start_of(self, days: i64) -> i64 {
        match self {
            Self::Day => days,
            Self::Month => month_start(days),
            _ => self.start(self.ordinal(days)),
        }
    }

    /// The first day of the period with a number, in days after 1970-01-01.
    pub(crate) fn start(self, ordinal: i64) -> i64 {
        let month = |ordinal: i64| day_of(ordinal.div_euclid(12), ordinal.rem_euclid(12) + 1, 1);
        match self {
            Self::Day => ordinal,
            Self::Week => ordinal * 7 - DAYS_FROM_MONDAY,
            Self::Month => month(ordinal),
            Self::Quarter => month(ordinal * 3),
            Self::Year => month(ordinal * 12),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};

    use super::*;

    /// Over four centuries: a period begins where the number changes, and where chrono
    /// says that it does.
    #[test]
    fn numbers_go_up_where_periods_begin() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for name in Unit::NAMES {
            let unit = Unit::parse(name).unwrap();
            assert_eq!(unit.name(), name);
            let mut before = unit.ordinal(-73_001);
            for days in -73_000..73_000 {
                let date = epoch + chrono::Duration::days(days);
                let begins = match unit {
                    Unit::Day => true,
                    Unit::Week => date.weekday() == chrono::Weekday::Mon,
                    Unit::Month => date.day() == 1,
                    Unit::Quarter => date.day() == 1 && date.month0().is_multiple_of(3),
                    Unit::Year => date.ordinal() == 1,
                };
                let ordinal = unit.ordinal(days);
                assert_eq!(ordinal - before, i64::from(begins), "{name} {date}");
                if begins {
                    assert_eq!(unit.start(ordinal), days, "{name} {date}");
                }
                assert_eq!(unit.start_of(days), unit.start(ordinal), "{name} {date}");
                before = ordinal;
            }
        }
        assert_eq!(Unit::parse("fortnight"), None);
    }
}
