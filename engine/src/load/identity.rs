//! What tells a load that comes again from another.
//!
//! A load that was killed may have committed its rows, and who started it cannot know. So a table keeps
//! the names of the loads that were appended to it, with the version that each has left. The name is found
//! from the files and from what was asked; a source that does not tell when it changes gives another name
//! each time.

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use super::columns::Column;
use super::request::{LoadMode, LoadRequest};
use crate::EngineError;
use crate::formats::BuiltTable;

/// What a load leaves in the table that it was appended to, and what one leaves that has replaced it.
const LOADED: &str = "cohortql.loaded/";
const REPLACED: &str = "cohortql.replaced";

/// Bytes of a name.
const LENGTH: usize = 16;

/// The name of a load.
#[derive(Debug)]
pub(super) struct Identity {
    /// What users know the load by.
    pub(super) load: String,
    /// What its rows are known by: the same for the same files.
    pub(super) contents: String,
    /// Whether the same load has the same name when it comes again.
    is_lasting: bool,
}

impl Identity {
    /// The name of a load of these columns from a source that tells when it changes, or does not.
    pub(super) fn of(
        request: &LoadRequest,
        columns: &[Column],
        fingerprint: Option<&str>,
    ) -> Result<Self, EngineError> {
        let contents = match fingerprint {
            Some(fingerprint) => {
                let LoadRequest {
                    source,
                    table,
                    mode,
                    ..
                } = request;
                // Which rows fit depends on these too.
                let columns = columns.iter().map(|column| {
                    let field = &column.field;
                    let required = column.is_required;
                    format!(
                        "{} {} {} {required}\n",
                        column.source,
                        field.name(),
                        field.data_type()
                    )
                });
                let columns: String = columns.collect();
                let asked = format!("{fingerprint}\n{source:?}\n{table}\n{mode:?}\n{columns}");
                hexadecimal(digest(&SHA256, asked.as_bytes()).as_ref())
            }
            None => {
                let mut random = [0; LENGTH];
                let filled = SystemRandom::new().fill(&mut random);
                filled.map_err(|_| EngineError::Internal {
                    message: "the system gives no random numbers".to_owned(),
                })?;
                hexadecimal(&random)
            }
        };
        Ok(Self {
            load: request.id.clone().unwrap_or_else(|| contents.clone()),
            contents,
            is_lasting: request.id.is_some() || fingerprint.is_some(),
        })
    }

    /// Whether the table has the rows of this load already.
    pub(super) async fn is_in(
        &self,
        request: &LoadRequest,
        table: &BuiltTable,
    ) -> Result<bool, EngineError> {
        if request.mode != LoadMode::Append || request.again || !self.is_lasting {
            return Ok(false);
        }
        let Some(loaded) = table.stamp(&self.name()).await? else {
            return Ok(false);
        };
        let replaced = table.stamp(REPLACED).await?;
        Ok(replaced.is_none_or(|replaced| replaced < loaded))
    }

    /// Has the next commit to a table say whose it is.
    pub(super) fn stamp(&self, mode: &LoadMode, table: BuiltTable) -> BuiltTable {
        match mode {
            LoadMode::Append if self.is_lasting => table.stamped(self.name()),
            LoadMode::Replace => table.stamped(REPLACED.to_owned()),
            LoadMode::Append | LoadMode::Merge(_) => table,
        }
    }

    fn name(&self) -> String {
        format!("{LOADED}{}", self.load)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let bytes = bytes.iter().take(LENGTH);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}
