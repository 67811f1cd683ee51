//! Tests: what must hold of models, and of the sources that they are made of.
//!
//! Headers and declarations of sources have checks (`declared`), of which `read` makes each a
//! [`Test`] whose arguments fit together (`expectation`, `limits`, `freshness`, `anomaly`). A test
//! is SQL (`query`, `literal`), and what it finds (`measure`, `history`) is counted in the
//! warehouse: all tests that look at one row of a relation in one scan (`run`). In a build it is
//! run once all that it reads was built (`order`). Rows that are wrong become tables (`failures`),
//! and what tests come to is added to `system.test_results` (`results`).

mod anomaly;
mod declared;
mod expectation;
mod failures;
mod freshness;
mod history;
mod limits;
mod literal;
mod measure;
mod order;
mod outcome;
mod query;
mod read;
mod results;
mod run;
mod subject;
mod test;

pub(super) use declared::SourceTests;
pub use declared::{Arguments, Check, CheckName, Severity};
pub(crate) use failures::location as failures_location;
pub use freshness::DeclaredFreshness;
pub(super) use order::Waiting;
pub use outcome::{TestOutcome, TestStatus};
pub(super) use read::tests;
pub(crate) use results::{
    TABLE as RESULTS_TABLE, columns as result_columns, location as results_location,
};
pub use subject::Subject;
pub use test::Test;
