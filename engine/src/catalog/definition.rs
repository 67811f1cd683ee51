//! What an entry of a schema is: a table that code made, or the definition of one.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, TableType};
use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName};
use tokio::sync::OnceCell;

use super::record::Record;
use super::{Opener, view};
use crate::environment::SCHEMA;
use crate::formats::TableDefinition;
use crate::models::MappedSource;
use crate::{EngineError, formats, sql};

/// An entry of a schema.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// Made by code; lives as long as the engine.
    Provided(Arc<dyn TableProvider>),
    /// Defined by SQL or configuration; opened when it is used.
    Defined(Arc<Definition>),
}

impl Entry {
    /// The record that stands for it in the catalog file.
    pub(super) fn record(&self) -> Option<&Record> {
        match self {
            Self::Defined(definition) => match &definition.source {
                Source::Sql(record) => Some(record),
                Source::Declared(_) | Source::Built(_) | Source::Mapped(_) => None,
            },
            Self::Provided(_) => None,
        }
    }

    pub(super) fn table_type(&self) -> TableType {
        match self {
            Self::Provided(table) => table.table_type(),
            Self::Defined(definition) => definition.table_type(),
        }
    }
}

/// How to make a table.
#[derive(Debug)]
pub(crate) struct Definition {
    name: String,
    source: Source,
    /// A table stays open once it is; a view is planned anew each time, so that it follows the
    /// tables that it reads.
    opened: OnceCell<Arc<dyn TableProvider>>,
}

#[derive(Debug)]
enum Source {
    Sql(Record),
    Declared(TableDefinition),
    /// A view that a build has left in a warehouse.
    Built(Record),
    /// A view over files, which stay open.
    Mapped(Box<MappedSource>),
}

impl Definition {
    /// A table of `cohortql.toml`.
    pub(super) fn declared(table: TableDefinition) -> Self {
        Self {
            name: table.name.clone(),
            source: Source::Declared(table),
            opened: OnceCell::new(),
        }
    }

    /// A table or view made by SQL, which may be open already.
    pub(super) fn recorded(record: Record, opened: Option<Arc<dyn TableProvider>>) -> Self {
        Self {
            name: record.name().to_owned(),
            source: Source::Sql(record),
            opened: OnceCell::new_with(opened),
        }
    }

    /// A view that a build has left.
    pub(super) fn built(record: Record) -> Self {
        Self {
            name: record.name().to_owned(),
            source: Source::Built(record),
            opened: OnceCell::new(),
        }
    }

    /// What models read.
    pub(super) fn mapped(source: MappedSource) -> Self {
        Self {
            name: source.name.clone(),
            source: Source::Mapped(Box::new(source)),
            opened: OnceCell::new(),
        }
    }

    fn table_type(&self) -> TableType {
        match &self.source {
            Source::Sql(record) => record.table_type(),
            Source::Declared(_) => TableType::Base,
            Source::Built(_) | Source::Mapped(_) => TableType::View,
        }
    }

    /// The required columns that what models read lacks; none for anything else.
    pub(super) async fn lacking(
        &self,
        opener: &Opener,
    ) -> Result<Option<Vec<String>>, EngineError> {
        let (Source::Mapped(source), Some(files)) = (&self.source, self.read(opener).await?) else {
            return Ok(None);
        };
        let lacking = source.lacking(&files.schema()).into_iter();
        Ok(Some(lacking.map(str::to_owned).collect()))
    }

    /// The files of what models read; none for anything else.
    pub(super) async fn read(
        &self,
        opener: &Opener,
    ) -> Result<Option<Arc<dyn TableProvider>>, EngineError> {
        match &self.source {
            Source::Mapped(source) => self.files(&opener.state()?, source).await.map(Some),
            _ => Ok(None),
        }
    }

    /// The files of what models read, with the columns that they have by now.
    async fn files(
        &self,
        state: &SessionState,
        source: &MappedSource,
    ) -> Result<Arc<dyn TableProvider>, EngineError> {
        let opening = || formats::open(state, &source.files);
        let files = self.opened.get_or_try_init(opening).await?;
        Ok(formats::current(state, Arc::clone(files)).await?)
    }

    /// The table itself.
    pub(super) async fn open(
        &self,
        opener: &Opener,
    ) -> Result<Arc<dyn TableProvider>, EngineError> {
        let opening = || async {
            let state = opener.state()?;
            match &self.source {
                Source::Declared(table) => Ok(formats::open(&state, table).await?),
                Source::Sql(record) | Source::Built(record) => {
                    external(in_schema(state, record.path()), record).await
                }
                Source::Mapped(source) => {
                    let files = self.files(&state, source).await?;
                    view::table(source.plan(&state, files)?, &self.name)
                }
            }
        };
        match &self.source {
            Source::Sql(record) | Source::Built(record)
                if record.table_type() == TableType::View =>
            {
                view::open(in_schema(opener.state()?, record.path()), record).await
            }
            // What its files stay open for is planned anew, as a view is.
            Source::Mapped(_) => opening().await,
            _ => self.opened.get_or_try_init(opening).await.map(Arc::clone),
        }
        .map_err(|error: EngineError| error.about(&format!("table {:?}", self.name)))
    }
}

/// The state with another default schema, the one in which a statement was written.
pub(super) fn in_schema(mut state: SessionState, schema: &str) -> SessionState {
    if schema != SCHEMA {
        let options = state.config_mut().options_mut();
        schema.clone_into(&mut options.catalog.default_schema);
    }
    state
}

async fn external(
    state: SessionState,
    record: &Record,
) -> Result<Arc<dyn TableProvider>, EngineError> {
    let mut ast = sql::prepare(record.statement().ast().clone())?;
    // The planner looks up every name in a statement, that of the table to be made included;
    // under its own name it would wait here for itself.
    if let Ast::CreateExternalTable(create) = &mut ast {
        let name = Ident::with_quote('"', record.name());
        create.name = ObjectName::from(vec![Ident::new(INFORMATION_SCHEMA), name]);
    }
    let plan = state.statement_to_plan(ast).await?;
    let LogicalPlan::Ddl(DdlStatement::CreateExternalTable(mut command)) = plan else {
        return Err(EngineError::Internal {
            message: format!("the definition of {:?} makes no table", record.name()),
        });
    };
    command.name = TableReference::partial(record.schema(), record.name());
    create_external(&state, &command).await
}

/// Opens the table of a `CREATE EXTERNAL TABLE`.
pub(super) async fn create_external(
    state: &SessionState,
    command: &datafusion::logical_expr::CreateExternalTable,
) -> Result<Arc<dyn TableProvider>, EngineError> {
    let factories = state.table_factories();
    let Some(factory) = factories.get(&command.file_type.to_uppercase()) else {
        let mut known: Vec<_> = factories.keys().map(String::as_str).collect();
        known.sort_unstable();
        return Err(EngineError::Plan {
            message: format!(
                "STORED AS must be one of {}, got {}",
                known.join(", "),
                command.file_type
            ),
            location: None,
        });
    };
    factory
        .create(state, command)
        .await
        .map_err(|error: DataFusionError| error.into())
}
