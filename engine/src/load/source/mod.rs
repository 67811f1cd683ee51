//! Where rows come from: one file a kind of source.
//!
//! A source tells its columns first, and gives its rows once, in their order. Text is given as it
//! stands in the file, so that what does not fit can be shown so.

mod csv;
mod files;
mod json;
mod lines;
mod postgres;
mod table;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures::stream::{self, BoxStream};
use futures::{Future, StreamExt};
use regex::Regex;
use tokio::sync::mpsc;

use super::came::Came;
use super::request::LoadSource;
use crate::runtime::Task;
use crate::{EngineError, Session};

/// Batches that a source is ahead of the table.
const AHEAD: usize = 2;

/// A source that was looked into.
pub(super) struct Opened {
    /// What messages call it.
    pub(super) name: String,
    /// Its columns, with types as they are or seem to be.
    pub(super) columns: SchemaRef,
    /// Whether it says itself what the types are.
    pub(super) is_typed: bool,
    /// The texts that stand for NULL.
    pub(super) nulls: Nulls,
    /// What is another as soon as the rows may be.
    pub(super) fingerprint: Option<String>,
    pub(super) rows: BoxStream<'static, Result<Came, EngineError>>,
}

/// The texts that stand for NULL.
#[derive(Debug, Clone)]
pub(super) enum Nulls {
    /// None: the source says itself what is NULL.
    None,
    /// The empty one.
    Empty,
    /// Those that match.
    Matching(Regex),
}

impl Nulls {
    /// Whether a text stands for NULL.
    pub(super) fn has(&self, text: &str) -> bool {
        match self {
            Self::None => false,
            Self::Empty => text.is_empty(),
            Self::Matching(pattern) => pattern.is_match(text),
        }
    }
}

/// Looks into a source. Nothing but what tells its columns is read before its rows are asked for.
pub(super) async fn open(session: &Session, source: &LoadSource) -> Result<Opened, EngineError> {
    match source {
        LoadSource::Files {
            location,
            format,
            options,
        } => files::open(session, location, format.as_deref(), options).await,
        LoadSource::Postgres { url, relation } => postgres::open(session, url, relation).await,
    }
}

/// Where a source puts its rows.
type Sender = mpsc::Sender<Result<Came, EngineError>>;

/// The rows of work that puts them into a channel, which begins when they are asked for.
fn rows_of<W>(
    session: &Session,
    work: impl FnOnce(Sender) -> W + Send + 'static,
) -> BoxStream<'static, Result<Came, EngineError>>
where
    W: Future<Output = Result<(), EngineError>> + Send + 'static,
{
    let compute = session.shared().runtimes.compute().clone();
    let begun = stream::once(async move {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let task = Task::spawn(&compute, work(sender));
        stream::unfold((receiver, Some(task)), |(mut receiver, task)| async move {
            match (receiver.recv().await, task) {
                (Some(came), task) => Some((came, (receiver, task))),
                // The end of the rows is that of the work only if that says so.
                (None, Some(task)) => match task.await {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) | Err(error) => Some((Err(error), (receiver, None))),
                },
                (None, None) => None,
            }
        })
    });
    begun.flatten().boxed()
}

/// Refuses columns that have no name, or one that another has.
fn named(origin: &str, names: &[String]) -> Result<(), EngineError> {
    for (place, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(wrong(format!(
                "column {} of {origin:?} has no name",
                place + 1
            )));
        }
        if names[..place].contains(name) {
            return Err(wrong(format!(
                "two columns of {origin:?} are named {name:?}"
            )));
        }
    }
    Ok(())
}

/// Refuses columns of a file that those which were looked into first do not have.
fn known(origin: &str, names: &[String], columns: &SchemaRef) -> Result<(), EngineError> {
    let unknown = names
        .iter()
        .find(|name| columns.column_with_name(name).is_none());
    match unknown {
        None => Ok(()),
        Some(name) => Err(wrong(format!(
            "{origin:?} has a column {name:?} that the first files lack: load it by itself"
        ))),
    }
}

fn wrong(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}

/// A name that all batches of a file share.
fn shared(name: &str) -> Arc<str> {
    Arc::from(name)
}
