//! A statement of the catalog file, and what it defines.

use std::fmt;
use std::sync::Arc;

use datafusion::logical_expr::TableType;
use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{self, ObjectName, SchemaName};

use crate::environment::CATALOG;
use crate::{EngineError, Statement};

/// What a record defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Schema,
    Table,
    View,
}

/// A `CREATE` statement that the catalog file keeps.
#[derive(Debug, Clone)]
pub(super) struct Record {
    kind: Kind,
    schema: String,
    name: String,
    path: String,
    statement: Arc<Statement>,
}

impl Record {
    /// What a statement defines when `path` is the default schema; nothing when it is no such
    /// statement, or defines something in another catalog.
    pub(super) fn of(statement: Statement, path: &str) -> Result<Option<Self>, EngineError> {
        let (kind, name) = match statement.ast() {
            Ast::CreateExternalTable(create) => (Kind::Table, create.name.clone()),
            Ast::Statement(inner) => match inner.as_ref() {
                ast::Statement::CreateView(create) => (Kind::View, create.name.clone()),
                ast::Statement::CreateSchema {
                    schema_name: SchemaName::Simple(name),
                    ..
                } => (Kind::Schema, name.clone()),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some((schema, name)) = located(kind, name, path)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            kind,
            schema,
            name,
            path: path.to_owned(),
            statement: Arc::new(statement),
        }))
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn table_type(&self) -> TableType {
        match self.kind {
            Kind::View => TableType::View,
            Kind::Table | Kind::Schema => TableType::Base,
        }
    }

    /// The schema that it is in, or that it makes.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// The table's or view's name; empty for a schema.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The default schema that the statement was written for.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn statement(&self) -> &Statement {
        &self.statement
    }

    pub(super) fn defines(&self, schema: &str, name: &str) -> bool {
        self.kind != Kind::Schema && self.schema == schema && self.name == name
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.schema == other.schema
            && self.name == other.name
            && self.path == other.path
            && self.statement.text() == other.statement.text()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Schema => write!(formatter, "{}", self.schema),
            Kind::Table | Kind::View => write!(formatter, "{}.{}", self.schema, self.name),
        }
    }
}

fn located(
    kind: Kind,
    name: ObjectName,
    path: &str,
) -> Result<Option<(String, String)>, EngineError> {
    let reference = object_name_to_table_reference(name, true)?;
    if kind == Kind::Schema {
        let elsewhere = reference.schema().is_some_and(|catalog| catalog != CATALOG);
        return Ok((!elsewhere).then(|| (reference.table().to_owned(), String::new())));
    }
    let name = reference.resolve(CATALOG, path);
    Ok((&*name.catalog == CATALOG).then(|| (name.schema.to_string(), name.table.to_string())))
}
