//! The table that rows go into, and the one beside it for those that do not fit.

use datafusion::common::TableReference;

use super::request::LoadRequest;
use crate::access::Privilege;
use crate::engine::base_dir;
use crate::formats::{BuiltTable, DeltaProvider, MappedTable};
use crate::ingest::{Warehouse, full, table_folder};
use crate::stores::Location;
use crate::{EngineError, Session, catalog};

/// What the name of the table for rows that do not fit ends in.
const QUARANTINE: &str = "_quarantine";

/// Where tables of a project go that has no other place for them.
const TABLES: &str = "tables/";

/// A table, which may be one to be made.
#[derive(Debug)]
pub(super) struct Target {
    /// Its schema and its name.
    pub(super) place: (String, String),
    /// As it was when it was found.
    pub(super) table: BuiltTable,
    /// Where it is, if the catalog does not have it.
    unknown: Option<Location>,
}

impl Target {
    /// The table of a request.
    pub(super) async fn find(
        session: &Session,
        request: &LoadRequest,
    ) -> Result<Self, EngineError> {
        let name = TableReference::parse_str(&request.table);
        if name.table().is_empty() {
            return Err(plan(
                "expected the name of a table, got an empty one".to_owned(),
            ));
        }
        let place = catalog::place(session.context(), &name)?;
        Self::at(session, place, request.location.as_deref()).await
    }

    /// The table beside it for rows that do not fit.
    pub(super) async fn quarantine(
        &self,
        session: &Session,
        request: &LoadRequest,
    ) -> Result<Self, EngineError> {
        let (schema, name) = &self.place;
        let place = (schema.clone(), format!("{name}{QUARANTINE}"));
        let beside = request
            .location
            .as_ref()
            .map(|location| format!("{}{QUARANTINE}/", location.trim_end_matches('/')));
        Self::at(session, place, beside.as_deref()).await
    }

    async fn at(
        session: &Session,
        place: (String, String),
        location: Option<&str>,
    ) -> Result<Self, EngineError> {
        session.may_write(&full(&place))?;
        session.shared().refresh().await?;
        let catalog = &session.shared().catalog;
        if catalog.has_view(&place) {
            return Err(plan(format!(
                "{:?} is a view: rows go into tables",
                place.1
            )));
        }
        let Some(found) = catalog.opened(&place).await? else {
            session.require(Privilege::Ddl)?;
            let unknown = free(session, &place, location).await?;
            return Ok(Self {
                table: BuiltTable::open(&session.context().state(), &unknown).await?,
                unknown: Some(unknown),
                place,
            });
        };
        let hidden = found
            .downcast_ref::<MappedTable>()
            .and_then(MappedTable::hiding);
        let Some(delta) = hidden.unwrap_or(&found).downcast_ref::<DeltaProvider>() else {
            return Err(plan(format!(
                "table {:?} is no plain Delta table: rows are loaded into such tables alone",
                place.1
            )));
        };
        let base = base_dir(&session.shared().settings)?;
        let url = |text: &str| -> Result<_, EngineError> {
            Ok(Location::parse(text, &base)?.as_folder().url().clone())
        };
        if let Some(location) = location
            && url(location)? != url(delta.location())?
        {
            return Err(plan(format!(
                "table {:?} is at \"{}\" already: leave out --location, or load into a table of \
                 another name",
                place.1,
                delta.location()
            )));
        }
        Ok(Self {
            table: delta.to_write().await?,
            unknown: None,
            place,
        })
    }

    /// Has the catalog know the table.
    pub(super) async fn keep(&self, session: &Session) -> Result<(), EngineError> {
        let Some(location) = &self.unknown else {
            return Ok(());
        };
        let catalog = &session.shared().catalog;
        match catalog.keep_delta(&self.place, location) {
            Err(EngineError::AlreadyExists { message }) => {
                let found = catalog.opened(&self.place).await?;
                let found = found.as_ref().and_then(|found| found.downcast_ref());
                // Another load has made it where this one has.
                match found.map(DeltaProvider::location) {
                    Some(there) if there == location.text() => Ok(()),
                    _ => Err(EngineError::AlreadyExists { message }),
                }
            }
            kept => kept,
        }
    }

    /// The table where it is, as others have made it meanwhile.
    pub(super) async fn again(self) -> Result<Self, EngineError> {
        let table = self.table.again().await?;
        Ok(Self { table, ..self })
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.place.1
    }

    /// What SQL calls it.
    pub(super) fn in_sql(&self) -> String {
        TableReference::partial(self.place.0.as_str(), self.place.1.as_str()).to_quoted_string()
    }
}

/// Where a table goes that the catalog does not have.
async fn free(
    session: &Session,
    place: &(String, String),
    location: Option<&str>,
) -> Result<Location, EngineError> {
    if let Some(location) = location {
        return table_folder(session, location, "--location");
    }
    let shared = session.shared();
    let base = base_dir(&shared.settings)?;
    let of_project = match (&shared.warehouse, &shared.settings.project_dir) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(Warehouse::at(TABLES, &base)?),
        (None, None) => {
            return Err(EngineError::Config {
                message: format!(
                    "there is no project to keep table {:?} in: expected a cohortql.toml or \
                     --project FOLDER, or --location for a table that no catalog knows",
                    place.1
                ),
            });
        }
    };
    let Some(warehouse) = of_project.as_ref().or(shared.warehouse.as_ref()) else {
        return Err(EngineError::Internal {
            message: "a project has no place for tables".to_owned(),
        });
    };
    warehouse
        .free_folder(&session.context().state(), place)
        .await
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
