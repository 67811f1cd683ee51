//! A server, over Flight SQL.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cohortql_server::{Client, ConnectOptions, RemoteQuery};
use futures::StreamExt;

use super::Answer;
use crate::cli::error::CliError;
use crate::cli::progress::Reading;

/// How often the server is asked how far a statement has come.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// A connection to a server.
pub(crate) struct Remote {
    client: Client,
    heard: Arc<Mutex<Heard>>,
}

/// What the server last said about the running statement.
struct Heard {
    statement: String,
    reading: Reading,
    asked: Instant,
}

impl Remote {
    pub(crate) async fn connect(url: &str, options: &ConnectOptions) -> Result<Self, CliError> {
        let heard = Heard {
            statement: String::new(),
            reading: Reading::default(),
            asked: Instant::now(),
        };
        Ok(Self {
            client: Client::connect_with(url, options).await?,
            heard: Arc::new(Mutex::new(heard)),
        })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.client.address()
    }

    pub(super) async fn run(&self, statement: &str) -> Result<Answer, CliError> {
        *lock(&self.heard) = Heard {
            statement: statement.to_owned(),
            reading: Reading::default(),
            asked: Instant::now(),
        };
        Ok(match self.client.execute(statement).await? {
            cohortql_server::Answer::Rows(stream) => Answer::Rows {
                schema: stream.schema(),
                batches: Box::pin(stream.map(|batch| Ok(batch?))),
            },
            cohortql_server::Answer::Affected(rows) => Answer::Changed {
                rows: u64::try_from(rows).unwrap_or(0),
                notice: None,
            },
        })
    }

    /// What was last heard; from time to time the server is asked again, for the
    /// next time.
    pub(super) fn reading(&self) -> Reading {
        let mut heard = lock(&self.heard);
        if heard.asked.elapsed() >= ASK_EVERY {
            heard.asked = Instant::now();
            let (client, shared) = (self.client.clone(), Arc::clone(&self.heard));
            tokio::spawn(async move {
                let queries = client.queries().await.unwrap_or_default();
                let mut heard = lock(&shared);
                let is_ours = |query: &&RemoteQuery| heard.statement.starts_with(&query.sql);
                if let Some(query) = queries.iter().rev().find(is_ours) {
                    heard.reading = Reading {
                        rows: query.rows,
                        bytes: query.bytes,
                        ..Reading::default()
                    };
                }
            });
        }
        heard.reading
    }

    pub(crate) async fn queries(&self) -> Result<Vec<RemoteQuery>, CliError> {
        Ok(self.client.queries().await?)
    }

    /// Whether such a query was running.
    pub(crate) async fn cancel(&self, id: &str) -> Result<bool, CliError> {
        Ok(self.client.cancel(id).await?)
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
