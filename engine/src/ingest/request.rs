//! What is asked of an ingestion.

use std::collections::BTreeMap;
use std::fmt;

use crate::EngineError;
use crate::nearest::did_you_mean;

/// Names of the options.
const FORMAT: &str = "format";
const LOCATION: &str = "location";
const OPTIONS: [&str; 2] = [FORMAT, LOCATION];

/// What to do when the table is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// Make it, with the columns of the rows.
    Create,
    /// Fail.
    Fail,
}

/// What to do when the table is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// Fail.
    Fail,
    /// Add the rows to those that it has.
    Append,
    /// Put the rows, and their columns, in the place of those that it has.
    Replace,
}

/// A table for the rows, and what to do with it.
#[derive(Debug, Clone)]
pub struct IngestRequest {
    /// The table's catalog; the session's when there is none.
    pub catalog: Option<String>,
    /// The table's schema; the session's when there is none.
    pub schema: Option<String>,
    /// The table's name, upper and lower case as given.
    pub table: String,
    /// What to do when the table is not there.
    pub if_missing: IfMissing,
    /// What to do when it is.
    pub if_exists: IfExists,
    /// `format`: `memory` or `delta`; `location`: the folder of a Delta table to be made.
    pub options: BTreeMap<String, String>,
}

/// How a table is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Where the engine keeps such tables.
    Anywhere,
    Memory,
    /// In Delta Lake, at a location or in the warehouse.
    Delta(Option<String>),
}

impl IngestRequest {
    /// How the options ask for the table to be kept.
    pub(super) fn keeping(&self) -> Result<Keeping, EngineError> {
        let unknown = self
            .options
            .keys()
            .find(|name| !OPTIONS.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(plan(format!(
                "unknown option {name:?} of an ingestion{}; expected {}",
                did_you_mean(name, OPTIONS),
                OPTIONS.join(" or ")
            )));
        }
        let format = self.options.get(FORMAT).map(|text| text.to_lowercase());
        let location = self.options.get(LOCATION);
        match (format.as_deref(), location) {
            (Some("delta"), location) => Ok(Keeping::Delta(location.cloned())),
            (_, Some(_)) => Err(plan(
                "option \"location\" needs option \"format\" to be \"delta\"".to_owned(),
            )),
            (Some("memory"), None) => Ok(Keeping::Memory),
            (None, None) => Ok(Keeping::Anywhere),
            (Some(other), None) => Err(plan(format!(
                "option \"format\" must be \"memory\" or \"delta\", got {other:?}"
            ))),
        }
    }
}

impl fmt::Display for IngestRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.catalog, &self.schema].into_iter().flatten() {
            write!(formatter, "\"{}\".", part.replace('"', "\"\""))?;
        }
        write!(formatter, "\"{}\"", self.table.replace('"', "\"\""))
    }
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeping(options: &[(&str, &str)]) -> Result<Keeping, String> {
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = IngestRequest {
            catalog: None,
            schema: Some("a\"b".to_owned()),
            table: "t".to_owned(),
            if_missing: IfMissing::Create,
            if_exists: IfExists::Fail,
            options: options.collect(),
        };
        assert_eq!(request.to_string(), "\"a\"\"b\".\"t\"");
        request.keeping().map_err(|error| error.to_string())
    }

    #[test]
    fn options_say_how_a_table_is_kept() {
        assert_eq!(keeping(&[]), Ok(Keeping::Anywhere));
        assert_eq!(keeping(&[("format", "Memory")]), Ok(Keeping::Memory));
        assert_eq!(keeping(&[("format", "delta")]), Ok(Keeping::Delta(None)));
        let location = Some("s3://shop/t/".to_owned());
        assert_eq!(
            keeping(&[("format", "delta"), ("location", "s3://shop/t/")]),
            Ok(Keeping::Delta(location))
        );
    }

    #[test]
    fn wrong_options_are_named() {
        for (options, expected) in [
            (&[("fromat", "delta")][..], "did you mean \"format\"?"),
            (&[("format", "parquet")], "\"memory\" or \"delta\""),
            (&[("location", "x")], "needs option \"format\""),
            (
                &[("format", "memory"), ("location", "x")],
                "needs option \"format\"",
            ),
        ] {
            let message = keeping(options).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
