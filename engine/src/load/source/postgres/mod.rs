//! PostgreSQL: a table, a view or the rows of a query, read in portions of one transaction that changes
//! nothing.

mod address;
mod tls;
mod types;

use std::error::Error;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, Row, Socket, Statement};

use self::address::Address;
use self::tls::Encryption;
use super::lines::Batch;
use super::{Nulls, Opened, Sender, named, rows_of};
use crate::access::Privilege;
use crate::load::request::Relation;
use crate::runtime::Task;
use crate::{EngineError, Session};

/// Rows of the first portion and of the largest.
const FEW: usize = 256;
const MOST: usize = 8192;

/// Bytes of a portion, about.
const PORTION: usize = 8 << 20;

/// Opens a relation, of which nothing is read yet.
pub(super) async fn open(
    session: &Session,
    url: &str,
    relation: &Relation,
) -> Result<Opened, EngineError> {
    session.require(Privilege::External)?;
    let environment = |name: &str| std::env::var(name).ok();
    let address = Arc::new(Address::parse(url, environment)?);
    let password = address.password(environment);
    let connection = connect(session, &address, password.as_deref()).await?;
    let (name, sql) = match relation {
        Relation::Table(table) => {
            let quoted = table.split('.').map(quoted).collect::<Vec<_>>().join(".");
            (format!("{table:?}"), format!("SELECT * FROM {quoted}"))
        }
        Relation::Query(query) => {
            let query = query.trim().trim_end_matches(';').trim_end();
            ("the query".to_owned(), query.to_owned())
        }
    };
    let asked = connection.client.prepare(&sql).await;
    let asked = asked.map_err(|error| refused(&address, error))?;
    if asked.columns().is_empty() {
        return Err(wrong(format!("{name} gives no rows: expected a SELECT")));
    }
    let columns = columns(&name, &asked)?;
    // As text, each value says all that it is, whatever its type.
    let texts: Vec<_> = columns
        .fields()
        .iter()
        .map(|field| format!("q.{}::text", quoted(field.name())))
        .collect();
    let sql = format!("SELECT {} FROM ({sql}\n) AS q", texts.join(", "));
    let origin = match relation {
        Relation::Table(table) => format!("{} {table}", address.shown()),
        Relation::Query(_) => address.shown(),
    };
    let opened = Arc::clone(&columns);
    let rows = rows_of(session, move |sender| async move {
        let Connection {
            mut client,
            task: _task,
        } = connection;
        let read = read(&mut client, &sql, &origin, &columns, &sender).await;
        read.map_err(|failure| match failure {
            Failure::Database(error) => refused(&address, error),
            Failure::Engine(error) => error,
        })
    });
    Ok(Opened {
        name: name.trim_matches('"').to_owned(),
        columns: opened,
        is_typed: true,
        nulls: Nulls::None,
        fingerprint: None,
        rows,
    })
}

/// A connection, and the work that keeps it going.
struct Connection {
    client: Client,
    task: Task<()>,
}

async fn connect(
    session: &Session,
    address: &Address,
    password: Option<&str>,
) -> Result<Connection, EngineError> {
    let config = address.config(password);
    let connected = match address.is_encrypted {
        true => {
            let encryption = Encryption::new(address.authorities.as_deref())?;
            on_network(session, config, encryption).await?
        }
        false => on_network(session, config, NoTls).await?,
    };
    connected.map_err(|error| refused(address, error))
}

/// Connects on the threads that wait for the network, where the connection then stays.
async fn on_network<T>(
    session: &Session,
    config: Config,
    tls: T,
) -> Result<Result<Connection, tokio_postgres::Error>, EngineError>
where
    T: MakeTlsConnect<Socket> + Send + 'static,
    T::TlsConnect: Send,
    T::Stream: Send + 'static,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let io = session.shared().runtimes.io().clone();
    let keeping = io.clone();
    let connecting = async move {
        let (client, connection) = config.connect(tls).await?;
        // What breaks the connection is told to who waits for an answer.
        let task = Task::spawn(&keeping, async move {
            let _ = connection.await;
        });
        Ok(Connection { client, task })
    };
    Task::spawn(&io, connecting).await
}

fn columns(name: &str, asked: &Statement) -> Result<SchemaRef, EngineError> {
    let names = asked
        .columns()
        .iter()
        .map(|column| column.name().to_owned());
    named(name, &names.collect::<Vec<_>>())?;
    let fields = asked
        .columns()
        .iter()
        .map(|column| types::field(column, name));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// What ends the reading before the last row.
enum Failure {
    Database(tokio_postgres::Error),
    Engine(EngineError),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

/// Puts all rows into the channel, or as many as somebody wants.
async fn read(
    client: &mut Client,
    sql: &str,
    origin: &str,
    columns: &SchemaRef,
    sender: &Sender,
) -> Result<(), Failure> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let portal = transaction.bind(sql, &[]).await?;
    let names = columns.fields().iter().map(|field| field.name());
    let mut batch = Batch::new(origin, names);
    let (mut number, mut portion) = (0_u64, FEW);
    loop {
        let most = i32::try_from(portion).unwrap_or(i32::MAX);
        let rows = transaction.query_portal(&portal, most).await?;
        let mut bytes = 0;
        for row in &rows {
            number += 1;
            bytes += add(&mut batch, number, row)?;
        }
        let came = batch.take().map_err(Failure::Engine)?;
        if sender.send(Ok(came)).await.is_err() || rows.len() < portion {
            return Ok(());
        }
        // Rows that are large come few at a time.
        portion = (PORTION / (bytes / rows.len()).max(1)).clamp(1, MOST);
    }
}

/// Adds a row, and tells how many bytes it takes.
fn add(batch: &mut Batch, number: u64, row: &Row) -> Result<usize, tokio_postgres::Error> {
    let cells: Vec<Option<&str>> = (0..row.len())
        .map(|place| row.try_get(place))
        .collect::<Result<_, _>>()?;
    let bytes = cells.iter().flatten().map(|cell| cell.len()).sum();
    batch.add(
        number,
        cells.into_iter().map(|cell| cell.map(Into::into)),
        None,
    );
    Ok(bytes)
}

/// What a database or the way to it says, in our words.
fn refused(address: &Address, error: tokio_postgres::Error) -> EngineError {
    let place = address.shown();
    let Some(said) = error.as_db_error() else {
        let mut cause: &dyn Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let hint = match cause.to_string().contains("password missing") {
            true => ": set PGPASSWORD, or write it into ~/.pgpass, which nobody else may read",
            false => "",
        };
        return EngineError::Storage {
            message: format!("cannot reach the database {place}: {cause}{hint}"),
        };
    };
    let message = said.message();
    match *said.code() {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            EngineError::Denied {
                message: format!(
                    "the database {place} lets nobody in: {message}; the password is that of \
                     PGPASSWORD, or of ~/.pgpass, which nobody else may read"
                ),
            }
        }
        SqlState::INSUFFICIENT_PRIVILEGE => EngineError::Denied {
            message: format!("the database {place} says: {message}"),
        },
        SqlState::UNDEFINED_TABLE
        | SqlState::INVALID_CATALOG_NAME
        | SqlState::INVALID_SCHEMA_NAME
        | SqlState::UNDEFINED_COLUMN => EngineError::NotFound {
            message: format!("the database {place} says: {message}"),
            location: None,
        },
        _ => EngineError::Execution {
            message: format!("the database {place} says: {message}"),
        },
    }
}

/// A name in PostgreSQL's quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn wrong(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
