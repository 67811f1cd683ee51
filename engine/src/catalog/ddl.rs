//! CREATE and DROP of tables, views and schemas.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::{SchemaReference, TableReference};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{
    CreateExternalTable, CreateMemoryTable, CreateView, DdlStatement, LogicalPlan, TableType,
};
use datafusion::prelude::SessionContext;

use super::change::{Change, Taken};
use super::definition::{Definition, Entry, create_external, in_schema};
use super::record::Record;
use super::{Catalog, memory, own_name, view};
use crate::environment::CATALOG;
use crate::{EngineError, Planned, Progress, Session, Statement, sql};

/// Runs a DDL statement and returns how many rows it wrote.
pub(crate) async fn apply(
    session: &Session,
    planned: Planned,
    progress: &Arc<Progress>,
) -> Result<i64, EngineError> {
    let statement = planned.bound_statement()?;
    let (Some(statement), LogicalPlan::Ddl(ddl)) = (statement, planned.into_plan()) else {
        return Err(EngineError::Internal {
            message: "a statement that defines nothing came to the catalog".to_owned(),
        });
    };
    let catalog = &session.shared().catalog;
    let context = session.context();
    match ddl {
        DdlStatement::CreateExternalTable(command) => {
            external(context, catalog, *command, statement)
                .await
                .map(|()| 0)
        }
        DdlStatement::CreateMemoryTable(command) => {
            in_memory(context, catalog, command, progress).await
        }
        DdlStatement::CreateView(command) => view(context, catalog, command, statement).map(|()| 0),
        DdlStatement::DropTable(command) => {
            let drop = (command.name, TableType::Base, command.if_exists);
            dropped(context, catalog, drop).map(|()| 0)
        }
        DdlStatement::DropView(command) => {
            let drop = (command.name, TableType::View, command.if_exists);
            dropped(context, catalog, drop).map(|()| 0)
        }
        DdlStatement::CreateCatalogSchema(command) => {
            let name = bare_schema(&command.schema_name)?;
            let change = Change::CreateSchema {
                name,
                record: Some(record(context, statement)?),
                if_not_exists: command.if_not_exists,
            };
            catalog.change(change).map(|()| 0)
        }
        DdlStatement::DropCatalogSchema(command) => {
            let name = match &command.name {
                SchemaReference::Bare { schema } => bare_schema(schema)?,
                SchemaReference::Full { schema, catalog } => {
                    bare_schema(&format!("{catalog}.{schema}"))?
                }
            };
            let change = Change::DropSchema {
                name,
                if_exists: command.if_exists,
                cascade: command.cascade,
            };
            catalog.change(change).map(|()| 0)
        }
        other => Err(EngineError::Unsupported {
            message: format!("{} is not supported", other.name()),
            location: None,
        }),
    }
}

async fn external(
    context: &SessionContext,
    catalog: &Catalog,
    command: CreateExternalTable,
    statement: Statement,
) -> Result<(), EngineError> {
    permanent(command.temporary, "table")?;
    let taken = taken(command.if_not_exists, command.or_replace)?;
    let (schema, name) = place(context, &command.name)?;
    if !catalog.may_put(&schema, &name, taken)? {
        return Ok(());
    }
    let table = create_external(&context.state(), &command).await?;
    let entry = recorded(context, statement, Some(table))?;
    let change = Change::Put {
        schema,
        name,
        entry,
        taken,
    };
    catalog.change(change)
}

async fn in_memory(
    context: &SessionContext,
    catalog: &Catalog,
    command: CreateMemoryTable,
    progress: &Arc<Progress>,
) -> Result<i64, EngineError> {
    permanent(command.temporary, "table")?;
    let taken = taken(command.if_not_exists, command.or_replace)?;
    let (schema, name) = place(context, &command.name)?;
    if !catalog.may_put(&schema, &name, taken)? {
        return Ok(0);
    }
    let (table, rows) = memory::create(context, command, progress).await?;
    let change = Change::Put {
        schema,
        name,
        entry: Entry::Provided(table),
        taken,
    };
    catalog.change(change).map(|()| rows)
}

fn view(
    context: &SessionContext,
    catalog: &Catalog,
    command: CreateView,
    statement: Statement,
) -> Result<(), EngineError> {
    permanent(command.temporary, "view")?;
    let taken = taken(false, command.or_replace)?;
    let (schema, name) = place(context, &command.name)?;
    let columns = command.input.schema().inner();
    if let Some(column) = memory::repeated(columns.fields().iter().map(|field| field.name())) {
        return Err(EngineError::Plan {
            message: format!(
                "view {name:?} would have two columns named {column:?}: give one another name"
            ),
            location: None,
        });
    }
    let itself = (schema.clone(), name.clone());
    if reaches(
        catalog,
        &context.state(),
        &statement,
        &itself,
        &mut HashSet::new(),
    )? {
        return Err(EngineError::Plan {
            message: format!("view {name:?} would read itself"),
            location: None,
        });
    }
    view::table(Arc::unwrap_or_clone(command.input), statement.text())?;
    let change = Change::Put {
        schema,
        name,
        entry: recorded(context, statement, None)?,
        taken,
    };
    catalog.change(change)
}

fn dropped(
    context: &SessionContext,
    catalog: &Catalog,
    (reference, table_type, if_exists): (TableReference, TableType, bool),
) -> Result<(), EngineError> {
    let (schema, name) = place(context, &reference)?;
    let change = Change::Drop {
        schema,
        name,
        table_type,
        if_exists,
    };
    catalog.change(change)
}

fn recorded(
    context: &SessionContext,
    statement: Statement,
    opened: Option<Arc<dyn datafusion::catalog::TableProvider>>,
) -> Result<Entry, EngineError> {
    let record = record(context, statement)?;
    Ok(Entry::Defined(Arc::new(Definition::recorded(
        record, opened,
    ))))
}

/// What the catalog keeps of a statement.
fn record(context: &SessionContext, statement: Statement) -> Result<Record, EngineError> {
    let state = context.state();
    if !state.config_options().sql_parser.enable_ident_normalization {
        return Err(EngineError::Unsupported {
            message: "tables, views and schemas are kept as SQL, in which names without quotes \
                      are in lower case: set datafusion.sql_parser.enable_ident_normalization \
                      to true and quote the names"
                .to_owned(),
            location: None,
        });
    }
    let record = Record::of(statement, &default_schema(context))?;
    record.ok_or_else(|| EngineError::Unsupported {
        message: "tables, views and schemas are kept as the statement that makes them: run \
                  CREATE itself, not through EXECUTE"
            .to_owned(),
        location: None,
    })
}

/// Whether a view reads another, if only through others: one that reads itself would never be
/// readable.
fn reaches(
    catalog: &Catalog,
    state: &SessionState,
    view: &Statement,
    wanted: &(String, String),
    met: &mut HashSet<(String, String)>,
) -> Result<bool, EngineError> {
    for table in reads(state, view)? {
        let Some(name) = own_name(state, &table) else {
            continue;
        };
        if name == *wanted {
            return Ok(true);
        }
        let entry = catalog.find(&name.0).and_then(|schema| schema.get(&name.1));
        let Some(record) = entry.as_ref().and_then(Entry::record) else {
            continue;
        };
        if met.insert(name) {
            let state = in_schema(catalog.opener.state()?, record.path());
            if reaches(catalog, &state, record.statement(), wanted, met)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The tables that a view's query names.
fn reads(state: &SessionState, view: &Statement) -> Result<Vec<TableReference>, EngineError> {
    use datafusion::sql::parser::Statement as Ast;
    use datafusion::sql::sqlparser::ast;
    let Ast::Statement(inner) = sql::prepare(view.ast().clone())? else {
        return Ok(Vec::new());
    };
    let ast::Statement::CreateView(create) = *inner else {
        return Ok(Vec::new());
    };
    let query = Ast::Statement(Box::new(ast::Statement::Query(create.query)));
    Ok(state.resolve_table_references(&query)?)
}

/// Schema and name of an object of this engine's own catalog.
pub(crate) fn place(
    context: &SessionContext,
    name: &TableReference,
) -> Result<(String, String), EngineError> {
    own_name(&context.state(), name).ok_or_else(|| EngineError::Unsupported {
        message: format!("{name} is in another catalog: tables and views are made in {CATALOG}"),
        location: None,
    })
}

fn default_schema(context: &SessionContext) -> String {
    context
        .state()
        .config_options()
        .catalog
        .default_schema
        .clone()
}

/// A schema's name, which may be written with the catalog's before it.
fn bare_schema(name: &str) -> Result<String, EngineError> {
    match name.split_once('.') {
        None => Ok(name.to_owned()),
        Some((CATALOG, schema)) => Ok(schema.to_owned()),
        Some((catalog, _)) => Err(EngineError::Unsupported {
            message: format!("schemas are made in catalog {CATALOG}, not in {catalog:?}"),
            location: None,
        }),
    }
}

fn permanent(temporary: bool, what: &str) -> Result<(), EngineError> {
    if !temporary {
        return Ok(());
    }
    Err(EngineError::Unsupported {
        message: format!("temporary {what}s are not supported"),
        location: None,
    })
}

fn taken(if_not_exists: bool, or_replace: bool) -> Result<Taken, EngineError> {
    match (if_not_exists, or_replace) {
        (true, true) => Err(EngineError::Plan {
            message: "IF NOT EXISTS and OR REPLACE exclude each other".to_owned(),
            location: None,
        }),
        (true, false) => Ok(Taken::Keep),
        (false, true) => Ok(Taken::Replace),
        (false, false) => Ok(Taken::Refuse),
    }
}
