//! What the arguments ask the engine for.

use cohortql_engine::load::{LoadMode, LoadRequest, LoadSource, Merge, Relation};

use super::{Load, Mode, by_name};
use crate::cli::error::CliError;
use crate::cli::open::from_here;

/// Beginnings of the addresses of databases.
const DATABASES: [&str; 2] = ["postgres://", "postgresql://"];

/// The request of the arguments.
pub(super) fn of(load: &Load) -> Result<LoadRequest, CliError> {
    Ok(LoadRequest {
        location: load.location.as_deref().map(from_here),
        mode: mode(load)?,
        columns: load.columns.clone(),
        rename: by_name(&load.rename),
        not_null: load.not_null.clone(),
        add_columns: load.add_columns,
        max_quarantined: load.max_quarantined,
        allow_empty: load.allow_empty,
        again: load.again,
        id: load.load_id.clone(),
        ..LoadRequest::new(source(load)?, load.into.clone())
    })
}

fn source(load: &Load) -> Result<LoadSource, CliError> {
    let is_database = DATABASES
        .iter()
        .any(|scheme| load.source.starts_with(scheme));
    let relation = match (&load.relation, &load.query) {
        (Some(table), _) => Some(Relation::Table(table.clone())),
        (None, Some(query)) => Some(Relation::Query(query.clone())),
        (None, None) => None,
    };
    match (is_database, relation) {
        (true, Some(relation)) => Ok(LoadSource::Postgres {
            url: load.source.clone(),
            relation,
        }),
        (true, None) => Err(usage(
            "a database needs --table SCHEMA.NAME or --query SQL, got neither",
        )),
        (false, Some(_)) => Err(usage(
            "--table and --query are for databases: expected postgres://USER@HOST/DATABASE",
        )),
        (false, None) => Ok(LoadSource::Files {
            location: from_here(&load.source),
            format: load.source_format.clone(),
            options: by_name(&load.option),
        }),
    }
}

fn mode(load: &Load) -> Result<LoadMode, CliError> {
    match load.mode {
        Mode::Merge if load.key.is_empty() => {
            Err(usage("--mode merge needs --key COLUMNS, got none"))
        }
        Mode::Merge => Ok(LoadMode::Merge(Merge {
            key: load.key.clone(),
            order_by: load.order_by.clone(),
            deleted_column: load.soft_delete.then(|| load.deleted_column.clone()),
        })),
        Mode::Append | Mode::Replace if !load.key.is_empty() => {
            Err(usage("--key is for --mode merge"))
        }
        Mode::Append => Ok(LoadMode::Append),
        Mode::Replace => Ok(LoadMode::Replace),
    }
}

fn usage(message: &str) -> CliError {
    CliError::Usage(message.to_owned())
}
