//! What a merge asks of the rows that came and of those that the table has.
//!
//! `came` are the rows that came, `latest` those of them of which each key has one, `target` the rows of
//! the table, `spared` the keys of rows that do not fit. No table's column has a blank in its name, so
//! that the columns which are added here have.

use arrow::datatypes::{Field, Schema};
use datafusion::scalar::ScalarValue;

use super::super::columns::Columns;
use super::super::request::Merge;
use crate::EngineError;
use crate::sql::{self, quoted_name};

/// The place of a row among those that came.
pub(in crate::load) const ROW: &str = "place of row";

/// A row as it came, and from where; where rows of one key do not fit.
pub(in crate::load) const RAW: &str = "raw row";
pub(in crate::load) const ORIGIN: &str = "origin of row";
pub(in crate::load) const NUMBER: &str = "number of row";

/// The file that a row of the table is in.
pub(super) const FILE: &str = "file of row";

/// True in keys that are not to be marked.
const SPARED: &str = "is spared";

/// The texts of one merge.
pub(super) struct Texts<'a> {
    merge: &'a Merge,
    columns: &'a Columns,
    /// The columns that the table has had before.
    known: Option<&'a Schema>,
    /// Whether rows that came no more are marked.
    marks: bool,
}

impl<'a> Texts<'a> {
    pub(super) fn new(
        merge: &'a Merge,
        columns: &'a Columns,
        known: Option<&'a Schema>,
        marks: bool,
    ) -> Self {
        Self {
            merge,
            columns,
            known,
            marks,
        }
    }

    /// Of each key the row with the greatest value, the last one of these.
    pub(super) fn latest_by(&self, order: &str) -> String {
        format!(
            "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order} DESC \
             NULLS LAST, {row} DESC) AS \"place in key\" FROM came) AS ranked \
             WHERE \"place in key\" = 1",
            key = self.key(""),
            order = quoted_name(order),
            row = quoted_name(ROW),
        )
    }

    /// Keys that more than one row has.
    pub(super) fn repeated(&self) -> String {
        let key = self.key("");
        format!("SELECT {key} FROM came GROUP BY {key} HAVING count(*) > 1")
    }

    /// The rows of these, as they came.
    pub(super) fn of_repeated(&self) -> String {
        format!(
            "SELECT s.{}, s.{}, s.{} FROM came AS s LEFT SEMI JOIN repeated AS r ON {} ORDER BY s.{}",
            quoted_name(ORIGIN),
            quoted_name(NUMBER),
            quoted_name(RAW),
            self.same_key("s", "r"),
            quoted_name(ROW),
        )
    }

    /// The rows of all other keys.
    pub(super) fn of_others(&self) -> String {
        format!(
            "SELECT s.* FROM came AS s LEFT ANTI JOIN repeated AS r ON {}",
            self.same_key("s", "r")
        )
    }

    /// The rows whose keys the table does not have.
    pub(super) fn inserted(&self) -> Result<String, EngineError> {
        let from = match self.known {
            None => "latest AS s".to_owned(),
            Some(_) => format!(
                "latest AS s LEFT ANTI JOIN target AS t ON {}",
                self.same_key("s", "t")
            ),
        };
        let fields = self.columns.shape.columns.fields().iter();
        let values = fields.map(|field| {
            let name = quoted_name(field.name());
            let value = match self.has_come(field) {
                true => format!("s.{name}"),
                false if self.is_mark(field) => "FALSE".to_owned(),
                false => null(field)?,
            };
            Ok(format!("{value} AS {name}"))
        });
        let values = values.collect::<Result<Vec<_>, EngineError>>()?;
        Ok(format!("SELECT {} FROM {from}", values.join(", ")))
    }

    /// How many rows of each file change, are the same, and are to be marked.
    pub(super) fn changes(&self) -> String {
        let (is_there, differs, gone) = (self.has_match(), self.differs(), self.gone());
        format!(
            "SELECT CAST(t.{file} AS VARCHAR) AS file, \
             count(*) FILTER (WHERE {is_there} AND {differs}) AS updated, \
             count(*) FILTER (WHERE {is_there} AND NOT {differs}) AS unchanged, \
             count(*) FILTER (WHERE {gone}) AS marked \
             FROM {from} GROUP BY 1",
            file = quoted_name(FILE),
            from = self.joined(match self.marks {
                true => "LEFT",
                false => "INNER",
            }),
        )
    }

    /// A key of rows that came which more than one row of the table has.
    pub(super) fn ambiguous(&self) -> String {
        let key = self.key("t.");
        format!(
            "SELECT {key} FROM target AS t LEFT SEMI JOIN latest AS s ON {} GROUP BY {key} \
             HAVING count(*) > 1 LIMIT 1",
            self.same_key("t", "s")
        )
    }

    /// The rows of `target` as they are to be.
    pub(super) fn rewritten(&self) -> Result<String, EngineError> {
        let fields = self.columns.shape.columns.fields().iter();
        let values = fields.map(|field| {
            let name = quoted_name(field.name());
            let before = match self.was_there(field) {
                true => format!("t.{name}"),
                false => null(field)?,
            };
            let come = match self.has_come(field) {
                true => Some(format!("s.{name}")),
                false if self.is_mark(field) => Some("FALSE".to_owned()),
                false => None,
            };
            let mut value = String::from("CASE");
            if let Some(come) = come {
                value += &format!(" WHEN {} THEN {come}", self.has_match());
            }
            if self.is_mark(field) && self.marks {
                value += &format!(" WHEN {} THEN TRUE", self.gone());
            }
            Ok(match value.as_str() {
                "CASE" => format!("{before} AS {name}"),
                _ => format!("{value} ELSE {before} END AS {name}"),
            })
        });
        let values = values.collect::<Result<Vec<_>, EngineError>>()?;
        Ok(format!(
            "SELECT {} FROM {}",
            values.join(", "),
            self.joined("LEFT")
        ))
    }

    /// The table's rows, with those of their key that came.
    fn joined(&self, how: &str) -> String {
        let mut from = format!(
            "target AS t {how} JOIN latest AS s ON {}",
            self.same_key("t", "s")
        );
        if self.marks {
            from += &format!(
                " LEFT JOIN (SELECT DISTINCT {}, TRUE AS {} FROM spared) AS k ON {}",
                self.key(""),
                quoted_name(SPARED),
                self.same_key("t", "k")
            );
        }
        from
    }

    fn has_match(&self) -> String {
        format!("(s.{} IS NOT NULL)", quoted_name(ROW))
    }

    /// Whether a row of the table came no more and is not marked yet.
    fn gone(&self) -> String {
        let Some(mark) = self.merge.deleted_column.as_ref().filter(|_| self.marks) else {
            return "FALSE".to_owned();
        };
        let is_marked = match self
            .known
            .is_some_and(|known| known.field_with_name(mark).is_ok())
        {
            true => format!("(t.{} IS TRUE)", quoted_name(mark)),
            false => "FALSE".to_owned(),
        };
        format!(
            "((s.{} IS NULL) AND (k.{} IS NULL) AND NOT {is_marked})",
            quoted_name(ROW),
            quoted_name(SPARED)
        )
    }

    /// Whether what came is another than what the table has.
    fn differs(&self) -> String {
        let fields = self.columns.shape.columns.fields().iter();
        let fields = fields.filter(|field| !self.merge.key.contains(field.name()));
        let parts: Vec<String> = fields
            .filter_map(|field| {
                let name = quoted_name(field.name());
                match (self.has_come(field), self.was_there(field)) {
                    (true, true) => Some(format!("(s.{name} IS DISTINCT FROM t.{name})")),
                    (true, false) => Some(format!("(s.{name} IS NOT NULL)")),
                    (false, true) if self.is_mark(field) => Some(format!("(t.{name} IS TRUE)")),
                    (false, _) => None,
                }
            })
            .collect();
        match parts.is_empty() {
            true => "FALSE".to_owned(),
            false => format!("({})", parts.join(" OR ")),
        }
    }

    fn has_come(&self, field: &Field) -> bool {
        let mut came = self.columns.came.iter();
        came.any(|column| column.field.name() == field.name())
    }

    fn was_there(&self, field: &Field) -> bool {
        self.known
            .is_some_and(|known| known.field_with_name(field.name()).is_ok())
    }

    fn is_mark(&self, field: &Field) -> bool {
        self.merge.deleted_column.as_ref() == Some(field.name())
    }

    fn key(&self, before: &str) -> String {
        let names = self.merge.key.iter();
        let names: Vec<_> = names
            .map(|name| format!("{before}{}", quoted_name(name)))
            .collect();
        names.join(", ")
    }

    fn same_key(&self, one: &str, other: &str) -> String {
        let names = self.merge.key.iter().map(|name| quoted_name(name));
        let pairs: Vec<_> = names
            .map(|name| format!("{one}.{name} = {other}.{name}"))
            .collect();
        pairs.join(" AND ")
    }
}

fn null(field: &Field) -> Result<String, EngineError> {
    sql::literal(&ScalarValue::try_from(field.data_type())?)
}
