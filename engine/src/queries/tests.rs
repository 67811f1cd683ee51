//! Statements for the tests of what is kept of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{QueryId, QueryInfo};
use crate::{Progress, Statement};

/// A statement as it stands in the list.
pub(super) fn info(number: u64, sql: &str) -> QueryInfo {
    let fingerprint = Statement::parse_all("SELECT 1", 50).unwrap()[0].fingerprint();
    QueryInfo {
        id: QueryId(number),
        session_id: "session".to_owned(),
        principal: None,
        client: None,
        sql: sql.into(),
        fingerprint,
        kind: None,
        tables: Arc::default(),
        started: SystemTime::now(),
        progress: Arc::new(Progress::new(Duration::ZERO, None)),
    }
}
