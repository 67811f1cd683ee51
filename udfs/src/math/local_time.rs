//! Time zones the other way round: from local clocks to instants.

use super::zone::Zone;

/// Seconds, more than any zone has ever been away from UTC.
pub(crate) const FARTHEST: i64 = 26 * 3_600;

impl Zone {
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
