//! Messages of a stream in order, each fit for Arrow's reader.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use arrow_flight::FlightData;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::{DictionaryBatch, Message, MessageHeader, RecordBatch, root_as_message};

use super::batch::inspect as inspect_batch;
use super::schema::inspect as inspect_schema;
use super::{HEADER_BYTES, INFLATED_BYTES, invalid, too_large};
use crate::error::ProtocolError;

/// Looks at the messages of one stream, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Inspector {
    schema: Option<SchemaRef>,
    /// Bytes of each dictionary that the reader keeps.
    dictionaries: HashMap<i64, usize>,
}

impl Inspector {
    /// How many bytes the reader will make of a message, if it may have it.
    pub(crate) fn inspect(&mut self, data: &FlightData) -> Result<usize, ProtocolError> {
        if data.data_header.len() > HEADER_BYTES {
            return Err(invalid(format!(
                "the description of a message may take {} MiB, got {} bytes",
                HEADER_BYTES >> 20,
                data.data_header.len()
            )));
        }
        // Flatbuffers verifies here that everything lies within the header, at most 64 deep and
        // a million tables in all; what it cannot know is what the tables mean.
        let message = root_as_message(&data.data_header)
            .map_err(|_| invalid("a message's description is damaged"))?;
        match message.header_type() {
            MessageHeader::NONE => Ok(0),
            MessageHeader::Schema => self.schema(&message),
            MessageHeader::DictionaryBatch => {
                let dictionary = message
                    .header_as_dictionary_batch()
                    .ok_or_else(|| invalid("a dictionary message is empty"))?;
                self.dictionary(&message, dictionary, &data.data_body)
            }
            MessageHeader::RecordBatch => {
                let batch = message
                    .header_as_record_batch()
                    .ok_or_else(|| invalid("a batch message is empty"))?;
                self.batch(&message, batch, &data.data_body)
            }
            _ => Err(invalid(
                "expected a schema, dictionaries and batches, got another kind of message",
            )),
        }
    }

    fn schema(&mut self, message: &Message<'_>) -> Result<usize, ProtocolError> {
        if self.schema.is_some() {
            return Err(invalid("expected one schema, got a second one"));
        }
        let schema = message
            .header_as_schema()
            .ok_or_else(|| invalid("a schema message is empty"))?;
        inspect_schema(&schema)?;
        self.schema = Some(Arc::new(fb_to_schema(schema)));
        Ok(0)
    }

    fn batch(
        &self,
        message: &Message<'_>,
        batch: RecordBatch<'_>,
        body: &[u8],
    ) -> Result<usize, ProtocolError> {
        let schema = self.known()?;
        let types = schema.fields().iter().map(|field| field.data_type());
        inspect_batch(types, message, batch, body)
    }

    fn dictionary(
        &mut self,
        message: &Message<'_>,
        dictionary: DictionaryBatch<'_>,
        body: &[u8],
    ) -> Result<usize, ProtocolError> {
        let schema = self.known()?;
        let id = dictionary.id();
        #[expect(deprecated, reason = "the reader finds a dictionary's type so")]
        let fields = schema.fields_with_dict_id(id);
        let Some(DataType::Dictionary(_, values)) = fields.first().map(|field| field.data_type())
        else {
            return Err(invalid(format!(
                "a dictionary has the number {id}, and no column of the schema"
            )));
        };
        let batch = dictionary
            .data()
            .ok_or_else(|| invalid("a dictionary message has no values"))?;
        let bytes = inspect_batch(std::iter::once(values.as_ref()), message, batch, body)?;
        // What is added is copied together with what is there.
        let before = self.dictionaries.get(&id).copied().unwrap_or(0);
        let kept = if dictionary.isDelta() {
            before.saturating_add(bytes)
        } else {
            bytes
        };
        let others: usize = self.dictionaries.values().sum();
        if others - before + kept > INFLATED_BYTES {
            return Err(too_large("the dictionaries take", INFLATED_BYTES));
        }
        self.dictionaries.insert(id, kept);
        // Batches read before keep the dictionary that they were read with.
        Ok(kept)
    }

    fn known(&self) -> Result<&SchemaRef, ProtocolError> {
        self.schema
            .as_ref()
            .ok_or_else(|| invalid("expected a schema first, got rows"))
    }
}
