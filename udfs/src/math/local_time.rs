//! Time zones the other way round: from local days and clocks to instants.

use super::zone::Zone;

const SECONDS_PER_DAY: i64 = 86_400;
/// More than any zone has ever been away from UTC.
const FARTHEST: i64 = 26 * 3_600;

impl Zone {
    /// The first second, counted from 1970-01-01T00:00:00Z, of a local day: midnight
    /// or, where clocks skip it, the moment after. `None` beyond the zone's rules.
    pub(crate) fn day_start(self, day: i64) -> Option<i64> {
        self.local_day(0)?;
        let midnight = day.checked_mul(SECONDS_PER_DAY)?;
        let (mut before, mut after) = (
            midnight.checked_sub(FARTHEST)?,
            midnight.checked_add(FARTHEST)?,
        );
        // Clocks are never turned back across a midnight that has passed, so that
        // days only grow.
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.local_day(middle)? < day {
                before = middle;
            } else {
                after = middle;
            }
        }
        Some(after)
    }

    /// The instant at which local clocks show `local` seconds since 1970-01-01
    /// 00:00:00: the earlier of two. A time that clocks skip is read as if they had
    /// not yet been put forward. `None` beyond the zone's rules.
    pub(crate) fn instant_of(self, local: i64) -> Option<i64> {
        let earlier = local - self.seconds_ahead(local.checked_sub(FARTHEST)?)?;
        let later = local - self.seconds_ahead(local.checked_add(FARTHEST)?)?;
        let shows = |instant: i64| Some(instant + self.seconds_ahead(instant)? == local);
        Some(if !shows(earlier)? && shows(later)? {
            later
        } else {
            earlier
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    /// In 2024 Berlin puts clocks forward on 31 March (day 19813), at 01:00Z, and back
    /// on 27 October (day 20023), at 01:00Z.
    #[test]
    fn days_begin_at_local_midnight() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.day_start(19_813), Some(19_813 * 86_400 - 3_600));
        assert_eq!(berlin.day_start(19_814), Some(19_814 * 86_400 - 7_200));
        assert_eq!(Zone::UTC.day_start(-3), Some(-3 * 86_400));
        assert_eq!(zone("-05:30").day_start(0), Some(19_800));
        assert_eq!(Zone::UTC.day_start(i64::MAX), None);
        assert_eq!(berlin.day_start(1 << 40), None);
    }

    /// Beirut's clocks went from 00:00 to 01:00 on 2024-03-31, at 22:00Z the day before;
    /// Samoa had no 2011-12-30 (day 15338): the 31st began where the 30th would have.
    #[test]
    fn a_day_whose_midnight_is_skipped_begins_after_it() {
        let beirut = zone("Asia/Beirut").day_start(19_813);
        assert_eq!(beirut, Some(19_813 * 86_400 - 7_200));
        let apia = zone("Pacific/Apia");
        assert_eq!(apia.day_start(15_338), Some(15_338 * 86_400 + 10 * 3_600));
        assert_eq!(apia.day_start(15_339), apia.day_start(15_338));
    }

    #[test]
    fn every_second_is_where_its_day_says() {
        for name in ["Europe/Berlin", "America/Asuncion", "Asia/Beirut", "+09:30"] {
            for day in (19_000..20_500).step_by(3) {
                let start = zone(name).day_start(day).unwrap();
                assert!(zone(name).local_day(start).unwrap() >= day, "{name} {day}");
                assert!(
                    zone(name).local_day(start - 1).unwrap() < day,
                    "{name} {day}"
                );
            }
        }
    }

    #[test]
    fn local_clocks_are_read_as_the_earlier_of_two_moments() {
        let berlin = zone("Europe/Berlin");
        let (spring, autumn) = (19_813 * 86_400, 20_023 * 86_400);
        assert_eq!(berlin.instant_of(spring + 3_599), Some(spring - 1));
        assert_eq!(berlin.instant_of(spring + 3 * 3_600), Some(spring + 3_600));
        // 02:30 is skipped in spring and comes twice in autumn.
        assert_eq!(berlin.instant_of(spring + 9_000), Some(spring + 5_400));
        assert_eq!(berlin.instant_of(autumn + 9_000), Some(autumn + 1_800));
        assert_eq!(berlin.instant_of(autumn + 12_600), Some(autumn + 9_000));
    }
}
