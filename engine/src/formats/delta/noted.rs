//! What commits say of themselves: whether they change rows, and what a build noted in the one that
//! brought them.

use bytes::Bytes;
use deltalake::logstore::LogStoreRef;
use serde_json::Value;

use super::built::BuiltTable;
use crate::EngineError;

/// Where a commit keeps the note.
pub(super) const NOTE: &str = "cohortql";

/// How many commits that only moved rows may lie upon the one with the note.
const COMMITS_LOOKED_AT: u64 = 64;

impl BuiltTable {
    /// What the build noted that has left the rows which the table has; nothing when somebody else
    /// has changed them since.
    pub(crate) async fn note(&self) -> Result<Option<Value>, EngineError> {
        let Some(table) = &self.table else {
            return Ok(None);
        };
        let newest = table
            .snapshot()
            .map_err(|error| self.failed(error))?
            .version();
        let oldest = newest.saturating_sub(COMMITS_LOOKED_AT);
        for version in (oldest..=newest).rev() {
            let commit = self.log.read_commit_entry(version).await;
            let Some(commit) = commit.map_err(|error| self.failed(error))? else {
                return Ok(None);
            };
            match read(&commit) {
                Commit {
                    note: Some(note), ..
                } => return Ok(Some(note)),
                Commit {
                    changes_rows: true, ..
                } => return Ok(None),
                Commit { .. } => {}
            }
        }
        Ok(None)
    }
}

/// Whether all that was committed after a version has only moved rows from files to files. Not known,
/// it is said not to be so.
pub(super) async fn has_only_moved_rows(log: &LogStoreRef, (after, to): (u64, u64)) -> bool {
    if to.saturating_sub(after) > COMMITS_LOOKED_AT {
        return false;
    }
    for version in after + 1..=to {
        match log.read_commit_entry(version).await {
            Ok(Some(commit)) => {
                let said = read(&commit);
                if said.changes_rows || said.changes_table {
                    return false;
                }
            }
            _ => return false,
        }
    }
    true
}

/// What a commit says of itself.
#[derive(Debug, Default)]
struct Commit {
    note: Option<Value>,
    changes_rows: bool,
    /// Whether it says anew what columns there are, or what readers must know.
    changes_table: bool,
}

fn read(commit: &Bytes) -> Commit {
    let mut found = Commit::default();
    for line in commit.split(|byte| *byte == b'\n') {
        let Ok(action) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        if let Some(note) = action
            .pointer("/commitInfo")
            .and_then(|info| info.get(NOTE))
        {
            found.note = Some(note.clone());
        }
        let changes = ["add", "remove"].iter().any(|word| {
            let file = action.get(word);
            file.is_some_and(|file| file.get("dataChange") != Some(&Value::Bool(false)))
        });
        found.changes_rows |= changes;
        let anew = ["metaData", "protocol"].iter();
        found.changes_table |= anew.into_iter().any(|word| action.get(word).is_some());
    }
    found
}
