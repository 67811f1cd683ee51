//! The tables and views that a session can name.

use std::sync::Arc;

use cohortql_engine::Session;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::logical_expr::TableType;

use crate::sessions::TableTerm;

/// What a name stands for. Temporary tables count as tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A table.
    Table,
    /// A view.
    View,
}

impl Kind {
    /// How it is reported, where tables are called as `term` says.
    pub(crate) fn name(self, term: TableTerm) -> &'static str {
        match self {
            Self::Table => term.name(),
            Self::View => "VIEW",
        }
    }
}

/// A table or view, which nobody has opened for being listed: it may be far away, or broken.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Its catalog.
    pub(crate) catalog: String,
    /// Its schema.
    pub(crate) schema: String,
    /// Its name.
    pub(crate) name: String,
    /// Table or view.
    pub(crate) kind: Kind,
}

impl Listed {
    /// The table itself; none when it cannot be opened now, which does not hide its name.
    pub(super) async fn open(&self, session: &Session) -> Option<Arc<dyn TableProvider>> {
        match schema(session, &self.catalog, &self.schema)?
            .table(&self.name)
            .await
        {
            Ok(table) => table,
            Err(error) => {
                tracing::warn!(table = %self.name, error = %error, "a table cannot be opened");
                None
            }
        }
    }
}

/// The names of all catalogs and schemas, in order.
pub(super) fn schemas(session: &Session) -> Vec<(String, String)> {
    let context = session.context();
    let mut names: Vec<(String, String)> = context
        .catalog_names()
        .into_iter()
        .filter_map(|catalog| {
            let schemas = context.catalog(&catalog)?.schema_names();
            Some(
                schemas
                    .into_iter()
                    .map(move |schema| (catalog.clone(), schema)),
            )
        })
        .flatten()
        .collect();
    names.sort();
    names
}

/// The tables and views that `wanted` asks for by catalog, schema and name, in order.
pub(crate) async fn list(
    session: &Session,
    wanted: impl Fn(&str, &str, &str) -> bool,
) -> Vec<Listed> {
    let mut listed = Vec::new();
    for (catalog, schema) in schemas(session) {
        let Some(provider) = self::schema(session, &catalog, &schema) else {
            continue;
        };
        let mut names = provider.table_names();
        names.sort();
        for name in names {
            if !wanted(&catalog, &schema, &name) {
                continue;
            }
            // The catalog knows it without opening the table.
            let kind = match provider.table_type(&name).await {
                Ok(Some(TableType::View)) => Kind::View,
                _ => Kind::Table,
            };
            listed.push(Listed {
                catalog: catalog.clone(),
                schema: schema.clone(),
                name,
                kind,
            });
        }
    }
    listed
}

fn schema(session: &Session, catalog: &str, schema: &str) -> Option<Arc<dyn SchemaProvider>> {
    session.context().catalog(catalog)?.schema(schema)
}
