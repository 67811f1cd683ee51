//! `sequence_match(pattern, ts, c1 … c32)`: whether the events of a group occur in a pattern.
//!
//! Definition: the events are the rows on which some condition holds, in the order of time; those
//! at the same time are ordered by their conditions, as the number with bit k − 1 for ck. All
//! other rows are no events: nothing sees them, not even `.`. The result is true if events that
//! follow one another can be read off as the pattern says, step by step, beginning anywhere:
//!
//! - `(?N)`: one event on which cN holds.
//! - `.`: one event of any kind.
//! - `.*`: any number of events, also none.
//! - `(?t>=N)`, `(?t>N)`, `(?t<=N)`, `(?t<N)`, `(?t==N)`: any number of events, also none, after
//!   which the next one comes so many seconds after the event that the step before took, or,
//!   after `.*` and in the beginning, after the event at which this step begins. Where no event
//!   is left, `<`, `<=` and `>=0` hold. Two time conditions do not follow one another.
//!
//! So an event that only conditions outside the pattern select does stand between two others:
//! `(?1)(?2)` does not match c1, c3, c2, and `(?1).*(?2)` does.
//!
//! - `pattern`, constant: as above, without blanks.
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. Times are compared exactly; a day
//!   has 86,400 seconds. Rows without it are skipped.
//! - `c1` … `c32`, BOOLEAN; NULL is false.
//!
//! Result: BOOLEAN, never NULL; false without events, also where the pattern needs none. State:
//! sixteen bytes for each event. Cost: a sort of each group's events, and a look at each of them
//! for each step of the pattern, whatever the pattern; both for the rows so far at each step of a
//! window that grows; a bit of memory for each of these looks while a group is searched. Errors,
//! at planning: a pattern that is none, with the place and what should be there; the number of a
//! condition that is not given.
//!
//! Source: ClickHouse 26.9's sequenceMatch, with which a test compares all three functions of
//! patterns. There a search steps back, and ends with an error after a million steps; the numbers
//! of a time condition are of the column's unit, days for a DATE; times finer than a second are
//! refused; a row on which some condition is NULL is no event; and the order of events at the same
//! time is that in which they happen to come.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::search::PatternSearch;
use super::state::Wanted;

/// Whether a pattern occurs.
#[user_doc(
    doc_section(label = "Sequences"),
    description = "Whether the events of a group contain a pattern. Events are the rows on which some condition holds, in the order of time, those at the same time in the order of the number that their conditions make as bits, c1 being the lowest; other rows count for nothing. In a pattern, `(?N)` is an event on which cN holds, `.` any event, `.*` any number of events, and `(?t>=N)`, with `>=`, `>`, `<=`, `<` or `==`, any number of events until one that is so many seconds after the event before. Steps without `.*` or a time between them follow one another directly. Returns a BOOLEAN, false where there are no events, also of a pattern that needs none. These are the rules of ClickHouse's sequenceMatch, without its limit of steps: the cost is that of one look at each event for each step of the pattern.",
    syntax_example = "sequence_match(pattern, ts, c1, …)",
    sql_example = "```sql
SELECT customer, sequence_match('(?1).*(?2)(?t<=3600)(?3)', at, page = 'home', page = 'cart', page = 'pay') AS bought
FROM (VALUES ('ada', TIMESTAMP '2024-03-01 10:00:00', 'home'),
             ('ada', TIMESTAMP '2024-03-01 10:30:00', 'cart'),
             ('ada', TIMESTAMP '2024-03-01 11:30:00', 'pay'),
             ('bob', TIMESTAMP '2024-03-01 10:00:00', 'home'),
             ('bob', TIMESTAMP '2024-03-01 10:30:00', 'cart'),
             ('bob', TIMESTAMP '2024-03-01 11:30:01', 'pay')) AS visits(customer, at, page)
GROUP BY customer ORDER BY customer;
+----------+--------+
| customer | bought |
+----------+--------+
| ada      | true   |
| bob      | false  |
+----------+--------+
```",
    argument(
        name = "pattern",
        description = "The constant pattern, such as `'(?1).*(?2)(?t<=3600)(?3)'`."
    ),
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "c1",
        description = "The conditions c1 to c32, as many as there are. NULL is false."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SequenceMatch;

impl PatternSearch for SequenceMatch {
    const FUNCTION: &'static str = "sequence_match";

    const WANTED: Wanted = Wanted::Any;

    fn described(&self) -> Option<&Documentation> {
        self.doc()
    }
}
