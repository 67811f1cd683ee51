//! Files, by their format.

use std::collections::BTreeMap;

use object_store::ObjectMeta;

use super::{Opened, csv, json, table};
use crate::access::Privilege;
use crate::engine::working_dir;
use crate::formats::{FileSet, TableDefinition, TableOptions, discover, format_named};
use crate::stores::Location;
use crate::{EngineError, Session};

/// Opens files, each row of which is looked at by itself where they are text.
pub(super) async fn open(
    session: &Session,
    text: &str,
    format: Option<&str>,
    options: &BTreeMap<String, String>,
) -> Result<Opened, EngineError> {
    let here = working_dir()?;
    session.require(Privilege::External)?;
    session.may_reach(text, &here)?;
    let state = session.context().state();
    let location = Location::parse(text, &here)?;
    let mut definition = match format {
        Some(format) => TableDefinition {
            format: Some(format_named(format)?),
            ..TableDefinition::at(text, location)
        },
        None => {
            let found = discover(&state, &location, Some(text)).await?;
            found
                .into_iter()
                .next()
                .ok_or_else(|| EngineError::Internal {
                    message: format!("{text:?} was found to be no table"),
                })?
        }
    };
    definition.options = TableOptions::new(options.clone())?;
    let Some(format) = definition.format else {
        return Err(EngineError::Internal {
            message: format!("the format of {text:?} was not found"),
        });
    };
    definition.options.check(format.name(), format.options())?;
    if format.name() == "delta" {
        return table::open(session, &definition, None).await;
    }
    let set = FileSet::of(&state, &definition, format).await?;
    let fingerprint = fingerprint(&set);
    let is_array = definition.options.boolean("newline_delimited")? == Some(false);
    match format.name() {
        // The names of folders are columns too, which only tables know.
        _ if set.is_parted => table::open(session, &definition, Some(fingerprint)).await,
        "csv" => csv::open(session, text, &definition, set, fingerprint).await,
        "json" if !is_array => json::open(session, text, set, fingerprint).await,
        _ => table::open(session, &definition, Some(fingerprint)).await,
    }
}

/// A text that is another as soon as a file may be.
fn fingerprint(set: &FileSet) -> String {
    let file = |meta: &ObjectMeta, name: String| {
        format!(
            "{name} {} {} {:?} {:?}\n",
            meta.size,
            meta.last_modified.timestamp_micros(),
            meta.e_tag,
            meta.version
        )
    };
    let files = set.files.iter();
    files
        .map(|found| file(&found.meta, set.name(found)))
        .collect()
}
