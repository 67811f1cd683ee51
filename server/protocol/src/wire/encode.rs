//! A stream of batches as a stream of Flight messages.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use futures::{Stream, StreamExt, ready};

use super::compact::{compact, has_views};
use super::fit::{Fitted, fit, portions};
use super::{Types, recast};
use crate::error::ProtocolError;

/// Sends the schema at once, and then the batches, recast to it and cut into messages that fit.
///
/// One message is made at a time, when the reader asks for it: a slow one holds at most the
/// batch in hand and what the query has computed ahead. Batches without rows are left out,
/// since some clients take an empty first batch for the end.
pub fn encode<E: From<ProtocolError>>(
    schema: &SchemaRef,
    types: Types,
    batches: impl Stream<Item = Result<RecordBatch, E>> + Send + 'static,
) -> Messages<E> {
    // Numbers the dictionaries as the schema's message does.
    let mut dictionaries = DictionaryTracker::new(false);
    let opening = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        schema,
        &mut dictionaries,
        &IpcWriteOptions::default(),
    );
    Messages {
        schema: Arc::clone(schema),
        types,
        has_views: has_views(schema),
        batches: Some(Box::pin(batches)),
        dictionaries,
        ready: VecDeque::from([opening.into()]),
        waiting: VecDeque::new(),
    }
}

type Batches<E> = Pin<Box<dyn Stream<Item = Result<RecordBatch, E>> + Send>>;

/// Messages of a result, the schema first. `E` is the error of the query behind it.
pub struct Messages<E> {
    schema: SchemaRef,
    types: Types,
    has_views: bool,
    /// Dropped at the end or the first error, which stops the query behind it.
    batches: Option<Batches<E>>,
    dictionaries: DictionaryTracker,
    ready: VecDeque<FlightData>,
    /// Cut, and recast when their turn comes.
    waiting: VecDeque<RecordBatch>,
}

impl<E: From<ProtocolError>> Messages<E> {
    /// The next message of the batches in hand, if any.
    fn message(&mut self) -> Result<Option<FlightData>, ProtocolError> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Some(message));
            }
            let Some(mut batch) = self.waiting.pop_front() else {
                return Ok(None);
            };
            batch = self.recast(&batch)?;
            if self.has_views {
                batch = compact(&batch)?;
            }
            match fit(&batch, &mut self.dictionaries, &mut self.ready)? {
                Fitted::Message(message) => self.ready.push_back(message),
                Fitted::Portions(portions) => {
                    for portion in portions.into_iter().rev() {
                        self.waiting.push_front(portion);
                    }
                }
            }
        }
    }

    fn recast(&self, batch: &RecordBatch) -> Result<RecordBatch, ProtocolError> {
        recast(batch, &self.schema, self.types).map_err(|error| match self.types {
            Types::Plain | Types::Arrow => error.into(),
            // A date beyond what nanoseconds reach, for one.
            Types::Simple => ProtocolError::Invalid(format!(
                "a value does not fit the simple types, ask for plain ones: {error}"
            )),
        })
    }

    fn admit(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.waiting.extend(portions(batch, &self.schema));
        }
    }

    fn fail(&mut self, error: E) -> Poll<Option<Result<FlightData, E>>> {
        self.batches = None;
        self.ready.clear();
        self.waiting.clear();
        Poll::Ready(Some(Err(error)))
    }
}

impl<E: From<ProtocolError>> Stream for Messages<E> {
    type Item = Result<FlightData, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match self.message() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(error) => return self.fail(error.into()),
            }
            let Some(batches) = self.batches.as_mut() else {
                return Poll::Ready(None);
            };
            match ready!(batches.poll_next_unpin(context)) {
                Some(Ok(batch)) => self.admit(batch),
                Some(Err(error)) => return self.fail(error),
                None => {
                    self.batches = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}
