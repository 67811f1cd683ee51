//! What becomes of the rows: a new table, the place of an old one, or more rows of it.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;

use super::request::{IfExists, IfMissing, IngestRequest, Keeping};
use crate::access::Privilege;
use crate::engine::base_dir;
use crate::formats::{DeltaProvider, holds_delta};
use crate::stores::Location;
use crate::{EngineError, Session, catalog};

/// What becomes of the rows.
pub(super) enum Target {
    /// A table in memory, in the place of one that is there or not.
    Memory { replaces: bool },
    /// A Delta table that is made.
    NewDelta(Location),
    /// A Delta table that gets other rows and columns.
    ReplacedDelta(Arc<dyn TableProvider>),
    /// A table that gets more rows.
    Grown(Arc<dyn TableProvider>),
}

/// Schema and name of the table, and what to do with it. Refuses what the session may not do.
pub(super) async fn find(
    session: &Session,
    request: &IngestRequest,
) -> Result<((String, String), Target), EngineError> {
    let keeping = request.keeping()?;
    let place = place(session, request)?;
    session.may_write(&full(&place))?;
    session.shared().refresh().await?;
    let catalog = &session.shared().catalog;
    if catalog.has_view(&place) {
        return Err(match request.if_exists {
            IfExists::Fail => EngineError::AlreadyExists {
                message: format!("view {:?} exists already", place.1),
            },
            IfExists::Append | IfExists::Replace => {
                plan(format!("{:?} is a view: rows go into tables", place.1))
            }
        });
    }
    let target = match catalog.opened(&place).await? {
        None => missing(session, request, &place, keeping).await?,
        Some(table) => existing(session, request, table, &keeping)?,
    };
    Ok((place, target))
}

fn place(session: &Session, request: &IngestRequest) -> Result<(String, String), EngineError> {
    if request.table.is_empty() {
        return Err(plan(
            "expected the name of a table, got an empty one".to_owned(),
        ));
    }
    let state = session.context().state();
    let defaults = &state.config_options().catalog;
    let or = |given: &Option<String>, default: &String| match given.as_deref() {
        None | Some("") => default.clone(),
        Some(name) => name.to_owned(),
    };
    let name = TableReference::full(
        or(&request.catalog, &defaults.default_catalog),
        or(&request.schema, &defaults.default_schema),
        request.table.clone(),
    );
    catalog::place(session.context(), &name)
}

/// The name of a place with its catalog.
pub(crate) fn full(place: &(String, String)) -> TableReference {
    TableReference::full(
        crate::environment::CATALOG,
        place.0.as_str(),
        place.1.as_str(),
    )
}

/// What to do for a table that is not there.
async fn missing(
    session: &Session,
    request: &IngestRequest,
    place: &(String, String),
    keeping: Keeping,
) -> Result<Target, EngineError> {
    if request.if_missing == IfMissing::Fail {
        return Err(EngineError::NotFound {
            message: format!("table {:?} does not exist", place.1),
            location: None,
        });
    }
    session.require(Privilege::Ddl)?;
    let warehouse = &session.shared().warehouse;
    match (keeping, warehouse) {
        (Keeping::Memory, _) | (Keeping::Anywhere, None) => Ok(Target::Memory { replaces: false }),
        (Keeping::Delta(Some(location)), _) => at(session, &location).await,
        (Keeping::Delta(None), None) => Err(plan(
            "a Delta table needs option \"location\", or [ingest] location in cohortql.toml"
                .to_owned(),
        )),
        (Keeping::Delta(None) | Keeping::Anywhere, Some(warehouse)) => {
            let state = session.context().state();
            let free = warehouse.free_folder(&state, place).await;
            free.map(Target::NewDelta)
        }
    }
}

/// A Delta table at a location of the client's choosing.
async fn at(session: &Session, text: &str) -> Result<Target, EngineError> {
    let location = table_folder(session, text, "option \"location\"")?;
    if holds_delta(&session.context().state(), &location).await? {
        return Err(EngineError::AlreadyExists {
            message: format!(
                "\"{location}\" holds a Delta table already: declare it with CREATE EXTERNAL \
                 TABLE, or choose another location"
            ),
        });
    }
    Ok(Target::NewDelta(location))
}

/// A folder for a table, of somebody's choosing, which `named` is called in messages.
pub(crate) fn table_folder(
    session: &Session,
    text: &str,
    named: &str,
) -> Result<Location, EngineError> {
    let base = base_dir(&session.shared().settings)?;
    session.require(Privilege::External)?;
    session.may_reach(text, &base)?;
    let location = Location::parse(text, &base)?;
    if location.is_http() || location.glob().is_some() {
        return Err(plan(format!(
            "{named} must be a folder for the table, got \"{location}\""
        )));
    }
    Ok(location.as_folder())
}

/// What to do with a table that is there.
fn existing(
    session: &Session,
    request: &IngestRequest,
    table: Arc<dyn TableProvider>,
    keeping: &Keeping,
) -> Result<Target, EngineError> {
    let name = &request.table;
    if request.if_exists == IfExists::Fail {
        return Err(EngineError::AlreadyExists {
            message: format!("table {name:?} exists already"),
        });
    }
    let is_delta = table.downcast_ref::<DeltaProvider>().is_some();
    let in_memory = catalog::is_in_memory(table.as_ref());
    match keeping {
        Keeping::Memory if !in_memory => {
            return Err(plan(format!(
                "table {name:?} exists and is not in memory: leave out option \"format\""
            )));
        }
        Keeping::Delta(_) if !is_delta => {
            return Err(plan(format!(
                "table {name:?} exists and is no Delta table: leave out option \"format\""
            )));
        }
        Keeping::Delta(Some(_)) => {
            return Err(plan(format!(
                "table {name:?} exists where it is: leave out option \"location\""
            )));
        }
        Keeping::Anywhere | Keeping::Memory | Keeping::Delta(None) => {}
    }
    if request.if_exists == IfExists::Append {
        return Ok(Target::Grown(table));
    }
    session.require(Privilege::Ddl)?;
    match (is_delta, in_memory) {
        (true, _) => Ok(Target::ReplacedDelta(table)),
        (_, true) => Ok(Target::Memory { replaces: true }),
        _ => Err(EngineError::Unsupported {
            message: format!(
                "table {name:?} cannot be replaced: only tables in memory and plain Delta tables \
                 can, others are dropped and made again"
            ),
            location: None,
        }),
    }
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
