//! `sequence_count(pattern, ts, c1 … c32)`: how often a pattern occurs among the events of a group.
//!
//! Definition: events and patterns are those of `sequence_match`. Occurrences are found from the
//! earliest event on, each passing over as few events as it can wherever the pattern lets it; the
//! next one begins after the last event that the one before took. An occurrence that takes no
//! event, as of `'.*'`, takes one. Time conditions measure within one occurrence.
//!
//! - `pattern`, `ts`, `c1` … `c32`: as in `sequence_match`.
//!
//! Result: BIGINT, never NULL; 0 without events, also where the pattern needs none. State, cost, errors and source: as in
//! `sequence_match`, however many occurrences there are; the peer is ClickHouse's sequenceCount.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::search::PatternSearch;
use super::state::Wanted;

/// How often a pattern occurs.
#[user_doc(
    doc_section(label = "Sequences"),
    description = "How often the events of a group contain a pattern, which is as in `sequence_match`. Occurrences do not overlap: each is the earliest and the shortest from there on, and the next one is looked for after the last event that it took. Returns a BIGINT, 0 where there are no events, also of a pattern that needs none. These are the rules of ClickHouse's sequenceCount.",
    syntax_example = "sequence_count(pattern, ts, c1, …)",
    sql_example = "```sql
SELECT sequence_count('(?1).*(?2)', day, page = 'home', page = 'pay') AS purchases
FROM (VALUES (DATE '2024-03-01', 'home'), (DATE '2024-03-02', 'home'), (DATE '2024-03-03', 'pay'),
             (DATE '2024-03-04', 'pay'), (DATE '2024-03-05', 'home'), (DATE '2024-03-06', 'pay')) AS visits(day, page);
+-----------+
| purchases |
+-----------+
| 2         |
+-----------+
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
pub(super) struct SequenceCount;

impl PatternSearch for SequenceCount {
    const FUNCTION: &'static str = "sequence_count";

    const WANTED: Wanted = Wanted::Count;

    fn described(&self) -> Option<&Documentation> {
        self.doc()
    }
}
