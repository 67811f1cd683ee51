//! The short way to who was active when, for the requests that most ask: calendar periods, and
//! no condition on the first time and no money, so that the rows themselves need not be looked at
//! again once the first time is known. One GROUP BY by customer, whose state is a few bytes each.

use super::clock::Clock;
use super::{Mode, Request};

/// Whether a request can go this way.
pub(super) fn serves(request: &Request) -> bool {
    request.clock == Clock::Calendar && !request.starts && request.amount.is_none()
}

/// `_retention_marks`, with the columns that [`super::activity::marks`] has.
pub(super) fn marks(request: &Request) -> String {
    let (by, latest) = (request.if_by(", by_value"), request.if_latest(", latest"));
    let by_first = request.if_by(
        ", first_value(by_value ORDER BY ts ASC NULLS LAST, by_value ASC NULLS LAST) AS by_value",
    );
    let latest_time = request.if_latest(", max(ts) AS latest");
    let unit = request.unit.name();
    // The times are on the clock of the report already, which no zone may shift.
    let active = format!("active_periods(ts, '{unit}', 'UTC')");
    let (first, filter, cohort, skipped) = match request.returns {
        false => (
            "",
            "",
            "active['first']".to_string(),
            "CAST(0 AS INT)".to_string(),
        ),
        // Offsets count from the first return, which may be periods after the first time.
        true => (
            ", min(ts) AS first",
            " FILTER (WHERE returns)",
            request.start("first"),
            request.periods_between("first", "active['first']"),
        ),
    };
    let marks = match request.mode {
        Mode::On => {
            "skipped + k AS period, k IS NOT NULL AS counts, COALESCE(k = 0, true) AS member
             FROM (SELECT *, unnest(COALESCE(offsets, [CAST(NULL AS INT)])) AS k
                   FROM _retention_offsets)"
        }
        Mode::OnOrAfter => {
            "skipped + array_element(offsets, -1) AS period, offsets IS NOT NULL AS counts,
             true AS member FROM _retention_offsets"
        }
        Mode::OnOrBefore => {
            "CASE WHEN skipped >= 1 THEN skipped ELSE offsets[2] END AS period,
             true AS counts, true AS member FROM _retention_offsets"
        }
    };
    format!(
        "_retention_active AS (
           SELECT customer{by_first}{latest_time}{first}, {active}{filter} AS active
           FROM _retention_events GROUP BY customer),
         _retention_offsets AS (
           SELECT {cohort} AS cohort{by}{latest}, {skipped} AS skipped,
             active['offsets'] AS offsets
           FROM _retention_active),
         _retention_marks AS (SELECT cohort{by}{latest}, {marks})"
    )
}
