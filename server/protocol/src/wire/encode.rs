//! A stream of batches as a stream of Flight messages.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::{FlightData, SchemaAsIpc};
use arrow_ipc::writer::IpcWriteOptions;
use futures::{Stream, StreamExt, ready};

use super::fit::{Fitted, fit, portions};
use super::recast;
use crate::error::ProtocolError;

/// Sends the schema at once, and then the batches, recast to it and cut into messages that fit.
///
/// One message is made at a time, when the reader asks for it: a slow one holds at most the
/// batch in hand and what the query has computed ahead. Batches without rows are left out,
/// since some clients take an empty first batch for the end.
pub fn encode<E: From<ProtocolError>>(
    schema: &SchemaRef,
    batches: impl Stream<Item = Result<RecordBatch, E>> + Send + 'static,
) -> Messages<E> {
    Messages {
        schema: Arc::clone(schema),
        batches: Some(Box::pin(batches)),
        opening: Some(schema_message(schema)),
        waiting: VecDeque::new(),
    }
}

fn schema_message(schema: &Schema) -> FlightData {
    SchemaAsIpc::new(schema, &IpcWriteOptions::default()).into()
}

type Batches<E> = Pin<Box<dyn Stream<Item = Result<RecordBatch, E>> + Send>>;

/// Messages of a result, the schema first. `E` is the error of the query behind it.
pub struct Messages<E> {
    schema: SchemaRef,
    /// Dropped at the end or the first error, which stops the query behind it.
    batches: Option<Batches<E>>,
    opening: Option<FlightData>,
    waiting: VecDeque<RecordBatch>,
}

impl<E: From<ProtocolError>> Messages<E> {
    /// The next message of the batches in hand, if any.
    fn message(&mut self) -> Result<Option<FlightData>, ProtocolError> {
        while let Some(batch) = self.waiting.pop_front() {
            match fit(&batch)? {
                Fitted::Message(message) => return Ok(Some(message)),
                Fitted::Portions(portions) => {
                    for portion in portions.into_iter().rev() {
                        self.waiting.push_front(portion);
                    }
                }
            }
        }
        Ok(None)
    }

    fn admit(&mut self, batch: &RecordBatch) -> Result<(), ProtocolError> {
        if batch.num_rows() > 0 {
            self.waiting.extend(portions(recast(batch, &self.schema)?));
        }
        Ok(())
    }

    fn fail(&mut self, error: E) -> Poll<Option<Result<FlightData, E>>> {
        self.batches = None;
        self.waiting.clear();
        Poll::Ready(Some(Err(error)))
    }
}

impl<E: From<ProtocolError>> Stream for Messages<E> {
    type Item = Result<FlightData, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = self.opening.take() {
            return Poll::Ready(Some(Ok(message)));
        }
        loop {
            match self.message() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(error) => return self.fail(error.into()),
            }
            let Some(batches) = self.batches.as_mut() else {
                return Poll::Ready(None);
            };
            let taken = match ready!(batches.poll_next_unpin(context)) {
                Some(Ok(batch)) => self.admit(&batch).map_err(E::from),
                Some(Err(error)) => Err(error),
                None => {
                    self.batches = None;
                    return Poll::Ready(None);
                }
            };
            if let Err(error) = taken {
                return self.fail(error);
            }
        }
    }
}
