//! Headers by which any call says how it wants to be understood and answered.
//!
//! JDBC drivers send the properties of a connection string that they don't know as headers, ADBC
//! those under `adbc.flight.sql.rpc.call_header.`; so these are what both can say without a
//! session of their own.

use cohortql_protocol::Types;
use tonic::metadata::MetadataMap;

use crate::error::ServerError;

/// The catalog that names without one refer to.
const CATALOG: &str = "catalog";

/// The schema that names without one refer to.
const SCHEMA: &str = "schema";

/// The types that results come in.
const TYPES: &str = "cohortql-types";

/// What a call's headers ask for, beside its session.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The catalog of names that have none.
    pub(crate) catalog: Option<String>,
    /// The schema of names that have none.
    pub(crate) schema: Option<String>,
    /// The types that results come in.
    pub(crate) types: Option<Types>,
}

impl Wishes {
    /// Reads a call's headers; an empty one asks for nothing.
    pub(crate) fn of(metadata: &MetadataMap) -> Result<Self, ServerError> {
        let types = text(metadata, TYPES)?
            .map(|text| text.parse::<Types>())
            .transpose()
            .map_err(|message| ServerError::Invalid(format!("header {TYPES}: {message}")))?;
        Ok(Self {
            catalog: text(metadata, CATALOG)?,
            schema: text(metadata, SCHEMA)?,
            types,
        })
    }
}

fn text(metadata: &MetadataMap, name: &str) -> Result<Option<String>, ServerError> {
    let Some(value) = metadata.get(name) else {
        return Ok(None);
    };
    let value = std::str::from_utf8(value.as_bytes())
        .map_err(|_| ServerError::Invalid(format!("header {name} must be UTF-8 text")))?;
    Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(headers: &[(&'static str, &'static str)]) -> Result<Wishes, String> {
        let mut metadata = MetadataMap::new();
        for (name, value) in headers {
            metadata.insert(*name, value.parse().unwrap());
        }
        Wishes::of(&metadata).map_err(|error| error.to_string())
    }

    #[test]
    fn headers_name_a_catalog_a_schema_and_types() {
        let all = [
            ("catalog", "c"),
            ("schema", "s"),
            ("cohortql-types", "simple"),
        ];
        let expected = Wishes {
            catalog: Some("c".to_owned()),
            schema: Some("s".to_owned()),
            types: Some(Types::Simple),
        };
        assert_eq!(wishes(&all), Ok(expected));
        assert_eq!(wishes(&[("schema", "")]), Ok(Wishes::default()));
    }

    #[test]
    fn types_that_nobody_knows_are_refused() {
        assert_eq!(
            wishes(&[("cohortql-types", "fancy")]).unwrap_err(),
            "header cohortql-types: types must be plain, arrow or simple, got \"fancy\""
        );
    }
}
