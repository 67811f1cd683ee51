//! Snapshots: the history of a query's rows, each valid from a moment until another.
//!
//! At each build the rows of the query are compared with those that are current: a row that is the
//! same stays, one that is another or gone is closed at the moment of the build, and what is new is
//! valid from it. Rows are told apart by the key. Building again at the moment of the last build
//! puts what that one found aside first, so that it counts once; an earlier moment is refused.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::scalar::ScalarValue;

use crate::ingest::in_delta;
use crate::sql::quoted_name;
use crate::{EngineError, sql};

const VALID_FROM: &str = "valid_from";
const VALID_TO: &str = "valid_to";
const IS_CURRENT: &str = "is_current";

/// Tells rows of a join from those that it has made up.
const IS_THERE: &str = "\"is there\"";

/// Moments as Delta Lake keeps them.
const MOMENT: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The columns of a snapshot of a query with these.
pub(super) fn columns(query: &Schema) -> SchemaRef {
    let own = query.fields().iter().map(|field| field.as_ref().clone());
    let added = [
        Field::new(VALID_FROM, MOMENT, true),
        Field::new(VALID_TO, MOMENT, true),
        Field::new(IS_CURRENT, DataType::Boolean, true),
    ];
    Arc::new(Schema::new(own.chain(added).collect::<Fields>()))
}

/// A snapshot to be taken.
#[derive(Debug)]
pub(super) struct Snapshot<'a> {
    /// The snapshot's name, which is that of its table.
    pub(super) name: &'a str,
    /// The query, with its variables bound.
    pub(super) query: &'a str,
    /// The query's columns.
    pub(super) columns: &'a Schema,
    pub(super) key: &'a [String],
    /// The moment, as SQL.
    pub(super) moment: String,
}

impl<'a> Snapshot<'a> {
    /// Checks what is to be taken.
    ///
    /// # Errors
    /// When the key is no column, or a column has a name that the snapshot adds.
    pub(super) fn new(
        name: &'a str,
        query: &'a str,
        columns: &'a Schema,
        key: &'a [String],
        moment: &ScalarValue,
    ) -> Result<Self, EngineError> {
        let wrong = |message: String| EngineError::Plan {
            message,
            location: None,
        };
        if let Some(missing) = key
            .iter()
            .find(|key| columns.column_with_name(key).is_none())
        {
            return Err(wrong(format!("key {missing:?} is no column of the query")));
        }
        let added = [VALID_FROM, VALID_TO, IS_CURRENT];
        if let Some(taken) = added
            .iter()
            .find(|name| columns.column_with_name(name).is_some())
        {
            return Err(wrong(format!(
                "column {taken:?} needs another name: a snapshot adds one of that name"
            )));
        }
        Ok(Self {
            name,
            query,
            columns,
            key,
            moment: sql::literal(&moment.cast_to(&MOMENT)?)?,
        })
    }

    /// A query for a key that more than one row has.
    pub(super) fn repeated(&self) -> String {
        let key = list(self.key.iter().map(|name| quoted_name(name)));
        format!(
            "SELECT {key} FROM ({}) AS found GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1",
            self.query
        )
    }

    /// The rows of the first build.
    pub(super) fn first(&self) -> String {
        format!(
            "SELECT {}, {} AS {VALID_FROM}, CAST(NULL AS TIMESTAMP) AS {VALID_TO}, TRUE AS \
             {IS_CURRENT} FROM ({}) AS found",
            list(self.names()),
            self.moment,
            self.query
        )
    }

    /// The last moment at which anything changed.
    pub(super) fn last(&self) -> String {
        format!(
            "SELECT GREATEST(MAX({VALID_FROM}), MAX({VALID_TO})) FROM {}",
            quoted_name(self.name)
        )
    }

    /// All rows after another build, over a history with these columns, in which those that it does
    /// not have yet are NULL. Values are compared as they are kept.
    pub(super) fn next(&self, history: &Schema) -> Result<String, EngineError> {
        let mut before = Vec::new();
        let mut now = Vec::new();
        for field in self.columns.fields() {
            let name = quoted_name(field.name());
            let kept = in_delta(field)?;
            now.push(match kept.data_type() == field.data_type() {
                true => name.clone(),
                false => format!("{} AS {name}", sql::cast(&name, kept.data_type())?),
            });
            before.push(match history.column_with_name(field.name()) {
                Some(_) => name,
                None => {
                    let null = sql::literal(&ScalarValue::try_from(kept.data_type())?)?;
                    format!("{null} AS {name}")
                }
            });
        }
        let same = |columns: &mut dyn Iterator<Item = String>| {
            let pairs = columns.map(|name| format!("o.{name} IS NOT DISTINCT FROM n.{name}"));
            pairs.collect::<Vec<_>>().join(" AND ")
        };
        let same_key = same(&mut self.key.iter().map(|name| quoted_name(name)));
        let same_row = same(&mut self.names());
        let of = |alias: &str| list(self.names().map(|name| format!("{alias}.{name}")));
        // The query comes first, so that it sees none of the names that are given here.
        Ok(format!(
            "WITH found AS (SELECT {now}, TRUE AS {IS_THERE} FROM ({query}) AS found), \
             history AS (\
               SELECT {before}, {VALID_FROM}, NULLIF({VALID_TO}, {moment}) AS {VALID_TO} \
               FROM {table} WHERE {VALID_FROM} < {moment}), \
             standing AS (SELECT *, TRUE AS {IS_THERE} FROM history WHERE {VALID_TO} IS NULL) \
             SELECT {all}, {VALID_FROM}, {VALID_TO}, FALSE AS {IS_CURRENT} \
             FROM history WHERE {VALID_TO} IS NOT NULL \
             UNION ALL \
             SELECT {of_standing}, o.{VALID_FROM}, \
               CASE WHEN n.{IS_THERE} AND {same_row} THEN NULL ELSE {moment} END AS {VALID_TO}, \
               COALESCE(n.{IS_THERE} AND {same_row}, FALSE) AS {IS_CURRENT} \
             FROM standing AS o LEFT JOIN found AS n ON {same_key} \
             UNION ALL \
             SELECT {of_found}, {moment} AS {VALID_FROM}, CAST(NULL AS TIMESTAMP) AS {VALID_TO}, \
               TRUE AS {IS_CURRENT} \
             FROM found AS n LEFT JOIN standing AS o ON {same_row} WHERE o.{IS_THERE} IS NULL",
            before = list(before.into_iter()),
            moment = self.moment,
            table = quoted_name(self.name),
            now = list(now.into_iter()),
            query = self.query,
            all = list(self.names()),
            of_standing = of("o"),
            of_found = of("n"),
        ))
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let fields = self.columns.fields().iter();
        fields.map(|field| quoted_name(field.name()))
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
