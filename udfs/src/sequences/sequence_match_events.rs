//! `sequence_match_events(pattern, ts, c1 … c32)`: when the events of a pattern happened.
//!
//! Definition: events and patterns are those of `sequence_match`. Of the beginnings of the pattern
//! that end with a `(?N)`, the longest counts that occurs; of its occurrences the first, which
//! passes over as few events as it can wherever the pattern lets it. What of the pattern follows
//! its last `(?N)` does not matter, so that the result says nothing of whether all of it occurs.
//!
//! - `pattern`, `ts`, `c1` … `c32`: as in `sequence_match`.
//!
//! Result: LIST of the type of `ts`: the times of the events that a `(?N)` took, in order, one for
//! each of them as far as the pattern was come; empty when not even the first occurs, and over
//! nothing. State, errors and source: as in `sequence_match`; the peer is ClickHouse's
//! sequenceMatchEvents. Cost: the logarithm of the number of `(?N)` times that of `sequence_match`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::search::PatternSearch;
use super::state::Wanted;

/// The times of the longest chain.
#[user_doc(
    doc_section(label = "Sequences"),
    description = "When the events of the longest chain happened that follows a pattern, which is as in `sequence_match`, from its beginning: a time for each `(?N)`, as far as the pattern was come; the first such chain, with the events as early as they can be. What follows the last `(?N)` does not matter. Returns a LIST of the type of `ts`, empty when not even the first `(?N)` is met. These are the rules of ClickHouse's sequenceMatchEvents.",
    syntax_example = "sequence_match_events(pattern, ts, c1, …)",
    sql_example = "```sql
SELECT customer, sequence_match_events('(?1).*(?2).*(?3)', day, page = 'home', page = 'cart', page = 'pay') AS days
FROM (VALUES ('ada', DATE '2024-03-01', 'home'), ('ada', DATE '2024-03-02', 'cart'), ('ada', DATE '2024-03-05', 'pay'),
             ('bob', DATE '2024-03-01', 'cart'), ('bob', DATE '2024-03-03', 'home'), ('bob', DATE '2024-03-04', 'cart')) AS visits(customer, day, page)
GROUP BY customer ORDER BY customer;
+----------+--------------------------------------+
| customer | days                                 |
+----------+--------------------------------------+
| ada      | [2024-03-01, 2024-03-02, 2024-03-05] |
| bob      | [2024-03-03, 2024-03-04]             |
+----------+--------------------------------------+
```",
    argument(
        name = "pattern",
        description = "The constant pattern, such as `'(?1).*(?2)'`; see `sequence_match`."
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
pub(super) struct SequenceMatchEvents;

impl PatternSearch for SequenceMatchEvents {
    const FUNCTION: &'static str = "sequence_match_events";

    const WANTED: Wanted = Wanted::Times;

    fn described(&self) -> Option<&Documentation> {
        self.doc()
    }
}
