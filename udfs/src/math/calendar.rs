//! The proleptic Gregorian calendar, in days since 1970-01-01.
//!
//! Source: Howard Hinnant, "chrono-compatible low-level date algorithms".

/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// Days from 0000-03-01, where the arithmetic begins, to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Year, month (1 to 12) and day (1 to 31) of the day `days` after 1970-01-01.
pub(crate) fn civil(days: i64) -> (i64, u8, u8) {
    let shifted = days + DAYS_TO_EPOCH;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    // Years begin in March here, so that the leap day is the last of one.
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // Both are small by construction.
    (year, month as u8, day as u8)
}

/// The day of a year, month (1 to 12) and day (1 to 31), counted from 1970-01-01.
pub(crate) fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH
}

/// The first day of the month of the day `days` after 1970-01-01.
pub(crate) fn month_start(days: i64) -> i64 {
    let (_, _, day) = civil(days);
    days - i64::from(day) + 1
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate};

    use super::{civil, month_start};

    /// Every day of eight centuries, and the ends of the years that chrono knows, agree
    /// with chrono.
    #[test]
    fn civil_agrees_with_chrono() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let far = [-95_000_000, -719_468, 2_932_896, 95_000_000];
        for days in (-146_097..146_097).chain(far) {
            let date = epoch + chrono::Duration::days(days);
            let expected = (
                i64::from(date.year()),
                u8::try_from(date.month()).unwrap(),
                u8::try_from(date.day()).unwrap(),
            );
            assert_eq!(civil(days), expected, "day {days}");
            let first = date.with_day(1).unwrap().signed_duration_since(epoch);
            assert_eq!(month_start(days), first.num_days(), "day {days}");
        }
    }
}
