//! Starting an engine, or a connection, as the arguments say.

use std::path::{Path, PathBuf};

use cohortql_engine::{Config, Engine};
use tokio::runtime::{Builder, Runtime};

use super::args::{Settings, Tables};
use super::backend::{Backend, Local, Remote};
use super::connection::Connection;
use super::error::CliError;

/// The file that makes a folder a project.
pub(crate) const CONFIG_FILE: &str = "cohortql.toml";

/// A runtime for waiting; engines compute on threads of their own.
pub(crate) fn runtime() -> Result<Runtime, CliError> {
    Ok(Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// An engine as the settings say, with a table for every path.
pub(crate) async fn engine(settings: &Settings, tables: &Tables) -> Result<Engine, CliError> {
    engine_of(settings, tables, find_config(settings)?.as_deref()).await
}

/// The same, with the configuration file that was found.
pub(crate) async fn engine_of(
    settings: &Settings,
    tables: &Tables,
    found: Option<&Path>,
) -> Result<Engine, CliError> {
    let config = match found {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    let mut builder = Engine::builder().config(overridden(config, settings)?);
    if let Some(path) = found {
        builder = builder.config_file(path);
    }
    if let Some(folder) = project(settings, found) {
        builder = builder.project_dir(folder);
    }
    let engine = builder.build().await?;
    for path in &tables.paths {
        engine.register_path(&from_here(path), None).await?;
    }
    Ok(engine)
}

/// An engine as the flags say and nothing else: without a project, and so without
/// tables of its own.
pub(crate) async fn engine_alone(settings: &Settings) -> Result<Engine, CliError> {
    let settings = Settings {
        target: None,
        ..settings.clone()
    };
    let config = overridden(Config::default(), &settings)?;
    Ok(Engine::builder().config(config).build().await?)
}

/// The configuration with the flags in it, which are written as the file has them, and so are
/// checked as it is.
fn overridden(mut config: Config, settings: &Settings) -> Result<Config, CliError> {
    let overrides = settings.clone();
    let engine = &mut config.engine;
    engine.memory_limit = overrides.memory_limit.or(engine.memory_limit.take());
    engine.temp_limit = overrides.temp_limit.or(engine.temp_limit.take());
    engine.target_partitions = overrides.threads.or(engine.target_partitions);
    engine.batch_size = overrides.batch_size.or(engine.batch_size);
    engine.time_zone = overrides.time_zone.or(engine.time_zone.take());
    engine.statement_timeout = overrides.timeout.or(engine.statement_timeout.take());
    match (&mut config.project, overrides.target) {
        (_, None) => {}
        (Some(project), target) => project.target = target,
        (None, Some(target)) => {
            return Err(CliError::Usage(format!(
                "--target {target} needs a project: expected a cohortql.toml with [project]"
            )));
        }
    }
    Ok(config)
}

/// A path as the engine understands it: relative ones of a project count from its
/// folder, but those on the command line from where the user stands.
pub(crate) fn from_here(path: &str) -> String {
    if path.contains("://") {
        return path.to_owned();
    }
    match std::path::absolute(path) {
        // A trailing slash says that it is a folder.
        Ok(whole) if path.ends_with('/') => format!("{}/", whole.display()),
        Ok(whole) => whole.display().to_string(),
        Err(_) => path.to_owned(),
    }
}

/// An engine of our own, or the server that is to be connected to.
pub(crate) async fn backend(
    settings: &Settings,
    tables: &Tables,
    connection: &Connection,
) -> Result<Backend, CliError> {
    match connection.server()? {
        Some((url, options)) => {
            let remote = Remote::connect(url, &options).await?;
            Ok(Backend::Remote(Box::new(remote)))
        }
        None => {
            let local = Local::new(engine(settings, tables).await?);
            Ok(Backend::Local(Box::new(local)))
        }
    }
}

/// The configuration file: the one given, else that of the project, else that
/// of the working folder.
pub(crate) fn find_config(settings: &Settings) -> Result<Option<PathBuf>, CliError> {
    if let Some(path) = &settings.config {
        return Ok(Some(path.clone()));
    }
    if let Some(folder) = &settings.project {
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(CliError::Usage(format!(
                "--project must be a folder, got {folder}"
            )));
        }
        return Ok(Some(folder.join(CONFIG_FILE)).filter(|path| path.is_file()));
    }
    Ok(Some(PathBuf::from(CONFIG_FILE)).filter(|path| path.is_file()))
}

/// The folder whose catalog remembers tables: the one given, else that of a
/// configuration file that was found without being named.
fn project(settings: &Settings, config: Option<&Path>) -> Option<PathBuf> {
    let beside = config
        .filter(|_| settings.config.is_none())
        .and_then(Path::parent);
    let beside = beside.map(|folder| {
        if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }
        .to_owned()
    });
    settings.project.clone().or(beside)
}
