//! Time zones: from an instant to the calendar day on which it falls there.

use std::str::FromStr;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

const SECONDS_PER_DAY: i64 = 86_400;

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Always so many seconds ahead of UTC.
    Fixed(i32),
    /// One of the IANA database, with its daylight saving time.
    Named(Tz),
}

impl Zone {
    /// Coordinated universal time.
    pub(crate) const UTC: Self = Self::Fixed(0);

    /// Reads an IANA name (`Europe/Berlin`) or an offset (`+02:00`, `+0200`, `+02`):
    /// what Arrow reads, so that casts to the zone work as well. `None` for anything
    /// else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match Tz::from_str(text) {
            Ok(Tz::UTC) => Some(Self::UTC),
            Ok(zone) => Some(Self::Named(zone)),
            Err(_) => offset(text).map(Self::Fixed),
        }
    }

    /// The day, counted from 1970-01-01, on which the instant `seconds` after
    /// 1970-01-01T00:00:00Z falls in this zone. `None` when the zone's rules don't reach
    /// that far, some 262,000 years.
    pub(crate) fn local_day(self, seconds: i64) -> Option<i64> {
        let local = seconds.checked_add(self.seconds_ahead(seconds)?)?;
        Some(local.div_euclid(SECONDS_PER_DAY))
    }

    /// How far local clocks are ahead of UTC at the instant `seconds` after
    /// 1970-01-01T00:00:00Z. `None` when the zone's rules don't reach that far.
    pub(super) fn seconds_ahead(self, seconds: i64) -> Option<i64> {
        let ahead = match self {
            Self::Fixed(ahead) => ahead,
            Self::Named(zone) => {
                let instant = DateTime::from_timestamp(seconds, 0)?.naive_utc();
                zone.offset_from_utc_datetime(&instant)
                    .fix()
                    .local_minus_utc()
            }
        };
        Some(i64::from(ahead))
    }
}

/// Whether there is a time zone of this name, or this is a fixed offset.
pub fn is_time_zone(text: &str) -> bool {
    Zone::parse(text).is_some()
}

/// The seconds of `+02:00`, `+0200` or `+02`; `None` from a whole day on.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at_checked(2)?,
        5 => digits.split_once(':')?,
        _ => return None,
    };
    let number = |text: &str| match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
        }
        _ => None,
    };
    let seconds = number(hours)? * 3_600 + number(minutes)? * 60;
    (seconds < 86_400).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::Zone;

    fn day(zone: &str, seconds: i64) -> Option<i64> {
        Zone::parse(zone).and_then(|zone| zone.local_day(seconds))
    }

    #[test]
    fn names_and_offsets_are_read() {
        assert_eq!(Zone::parse("UTC"), Some(Zone::UTC));
        assert_eq!(Zone::parse("+00:00"), Some(Zone::UTC));
        assert_eq!(Zone::parse("-05:30"), Some(Zone::Fixed(-19_800)));
        assert!(matches!(Zone::parse("Europe/Berlin"), Some(Zone::Named(_))));
        assert_eq!(Zone::parse("Europe/Atlantis"), None);
        assert_eq!(Zone::parse(""), None);
        assert_eq!(Zone::parse("+02"), Some(Zone::Fixed(7_200)));
        assert_eq!(Zone::parse("-0230"), Some(Zone::Fixed(-9_000)));
    }

    /// 2024-03-31T22:30:00Z is already the first of April in Berlin, which is two hours
    /// ahead since that morning; 2024-02-29T22:30:00Z is still February, one hour ahead.
    #[test]
    fn daylight_saving_counts() {
        assert_eq!(day("UTC", 1_711_924_200), Some(19_813));
        assert_eq!(day("Europe/Berlin", 1_711_924_200), Some(19_814));
        assert_eq!(day("Europe/Berlin", 1_709_245_800), Some(19_782));
    }

    #[test]
    fn days_before_the_epoch_round_down() {
        assert_eq!(day("UTC", -1), Some(-1));
        assert_eq!(day("+00:01", -1), Some(0));
    }

    #[test]
    fn beyond_the_rules_is_none() {
        assert_eq!(day("Europe/Berlin", i64::MAX), None);
        assert_eq!(day("+02:00", i64::MAX), None);
    }
}
