//! Which versions a Delta table has, and which was the newest at a time.

use chrono::{DateTime, SecondsFormat, Utc};
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use deltalake::DeltaTable;
use deltalake::logstore::get_all_versions_from;
use futures::TryStreamExt;
use object_store::path::Path;

use super::failure;
use crate::formats::versions::Version;

/// The versions that can be read.
#[derive(Debug)]
pub(super) struct History {
    /// Version and time of each commit, ascending.
    commits: Vec<(u64, DateTime<Utc>)>,
    /// The oldest version that can be put together: the first commit of all, or
    /// the first checkpoint where older commits were cleaned away.
    oldest: u64,
}

impl History {
    /// Reads the names and times in the log.
    pub(super) async fn read(table: &DeltaTable, name: &str) -> Result<Self> {
        let store = table.object_store();
        let entries: Vec<_> = store
            .list(Some(&Path::from("_delta_log")))
            .try_collect()
            .await
            .map_err(DataFusionError::from)?;
        let mut commits = Vec::new();
        let mut checkpoints = Vec::new();
        for entry in entries {
            let Some(file) = entry.location.filename() else {
                continue;
            };
            let Some((number, rest)) = file.split_once('.') else {
                continue;
            };
            let (20, Ok(version)) = (number.len(), number.parse::<u64>()) else {
                continue;
            };
            if rest == "json" {
                commits.push((version, entry.last_modified));
            } else if rest.starts_with("checkpoint") {
                checkpoints.push(version);
            }
        }
        commits.sort_unstable();
        checkpoints.sort_unstable();
        let first = commits.first().map(|(version, _)| *version);
        let oldest = match (first, checkpoints.first()) {
            (Some(0), _) | (None, None) => 0,
            (Some(first), None) => first,
            (_, Some(checkpoint)) => *checkpoint,
        };
        let in_commit = table
            .snapshot()
            .is_ok_and(|s| s.table_config().enable_in_commit_timestamps == Some(true));
        if in_commit && let Some(first) = first {
            let (versions, infos) = get_all_versions_from(table.log_store(), first)
                .await
                .map_err(|error| failure(name, error))?;
            for (version, info) in versions.into_iter().zip(infos) {
                let time = info
                    .in_commit_timestamp
                    .and_then(DateTime::from_timestamp_millis);
                if let (Some(time), Some(commit)) =
                    (time, commits.iter_mut().find(|(v, _)| *v == version))
                {
                    commit.1 = time;
                }
            }
        }
        Ok(Self { commits, oldest })
    }

    /// The number of a version.
    ///
    /// # Errors
    /// When there is none; the message gives the range.
    pub(super) fn resolve(&self, name: &str, wanted: Version) -> Result<u64> {
        let Some((newest, _)) = self.commits.last() else {
            return plan_err!("table \"{name}\" has no {wanted}: its log holds no commit");
        };
        match wanted {
            Version::Number(number) if (self.oldest..=*newest).contains(&number) => Ok(number),
            Version::Number(_) => plan_err!(
                "table \"{name}\" has no {wanted}; it has versions {} to {newest}",
                self.oldest
            ),
            Version::Time(time) => {
                let readable = self.commits.iter().filter(|(v, _)| *v >= self.oldest);
                match readable.clone().rfind(|(_, at)| *at <= time) {
                    Some((version, _)) => Ok(*version),
                    None => {
                        let first = readable.map(|(_, at)| *at).next().unwrap_or_default();
                        plan_err!(
                            "table \"{name}\" has no {wanted}; its oldest is of {}",
                            first.to_rfc3339_opts(SecondsFormat::Millis, true)
                        )
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_find_versions() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let history = History {
            commits: vec![(3, at(30)), (4, at(40)), (5, at(50))],
            oldest: 4,
        };
        assert_eq!(history.resolve("t", Version::Number(5)).unwrap(), 5);
        assert_eq!(history.resolve("t", Version::Time(at(49))).unwrap(), 4);
        assert_eq!(history.resolve("t", Version::Time(at(99))).unwrap(), 5);
        let message = history
            .resolve("t", Version::Number(3))
            .unwrap_err()
            .to_string();
        assert!(message.contains("versions 4 to 5"), "{message}");
        assert!(history.resolve("t", Version::Time(at(39))).is_err());
    }
}
