//! Streams that break the format's rules, each refused with its reason.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Int32Array, NullArray, RecordBatch,
    StringArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow_flight::{FlightData, FlightDescriptor};
use arrow_ipc::CompressionType;
use bytes::Bytes;
use futures::executor::block_on;
use futures::stream;

use crate::trials::sent::messages;
use crate::{ProtocolError, Rows};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn numbers() -> RecordBatch {
    let numbers = Int32Array::from(vec![Some(1), None, Some(3)]);
    batch(vec![("n", Arc::new(numbers))])
}

fn words() -> RecordBatch {
    let words: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
    batch(vec![("w", Arc::new(words))])
}

fn read(mut messages: Vec<FlightData>) -> Result<Vec<RecordBatch>, ProtocolError> {
    messages.insert(
        0,
        FlightData::new().with_descriptor(FlightDescriptor::new_cmd(Bytes::new())),
    );
    let rows = block_on(Rows::open(stream::iter(messages.into_iter().map(Ok))))?;
    let collected = block_on(rows.collect(64 << 20))?;
    Ok(collected.map(|(_, batches)| batches).unwrap_or_default())
}

fn refusal(messages: Vec<FlightData>) -> String {
    read(messages).unwrap_err().to_string()
}

#[test]
fn rows_arrive_plain_compressed_and_with_dictionaries() {
    for sent in [numbers(), words()] {
        for compression in [
            None,
            Some(CompressionType::LZ4_FRAME),
            Some(CompressionType::ZSTD),
        ] {
            let came = read(messages(&sent, compression)).unwrap();
            assert_eq!(came, std::slice::from_ref(&sent));
        }
    }
}

#[test]
fn messages_out_of_order_are_refused() {
    let mut sent = messages(&words(), None);
    sent.swap(0, 1);
    assert_eq!(
        refusal(sent.clone()),
        "the rows cannot be read: expected a schema first, got rows"
    );
    sent.swap(0, 1);
    let schema = sent[0].clone();
    sent.insert(1, schema);
    assert_eq!(
        refusal(sent),
        "the rows cannot be read: expected one schema, got a second one"
    );
}

#[test]
fn a_body_shorter_than_its_buffers_is_refused() {
    for compression in [None, Some(CompressionType::ZSTD)] {
        let mut sent = messages(&numbers(), compression);
        let rows = sent.last_mut().unwrap();
        rows.data_body = rows.data_body.slice(..4);
        let refusal = refusal(sent);
        assert!(
            refusal.contains("does not lie in the body of 4"),
            "{refusal}"
        );
    }
}

#[test]
fn damaged_descriptions_are_refused() {
    let sent = messages(&words(), None);
    for (at, message) in sent.iter().enumerate() {
        for cut in 0..message.data_header.len() {
            let mut sent = sent.clone();
            sent[at].data_header = message.data_header.slice(..cut);
            // Nothing at all is a message that says nothing, and the end may be padding.
            match read(sent) {
                Err(ProtocolError::Invalid(_)) => {}
                other => assert!(
                    cut == 0 || message.data_header.len() - cut < 8,
                    "message {at} cut at {cut}: {other:?}"
                ),
            }
        }
    }
}

#[test]
fn every_turned_byte_of_a_description_is_an_error_or_rows() {
    for sent in [numbers(), words()] {
        let sent = messages(&sent, None);
        for (at, message) in sent.iter().enumerate() {
            for byte in 0..message.data_header.len() {
                for turned in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut header = message.data_header.to_vec();
                    header[byte] = turned;
                    let mut sent = sent.clone();
                    sent[at].data_header = header.into();
                    let _ = read(sent);
                }
            }
        }
    }
}

#[test]
fn rows_without_bytes_are_counted() {
    let many = batch(vec![("n", Arc::new(NullArray::new(2 << 20)))]);
    let refusal = refusal(messages(&many, None));
    assert_eq!(
        refusal,
        "the rows cannot be read: a message of this size cannot hold 2097152 rows; \
         send fewer at a time"
    );
    let some = batch(vec![("n", Arc::new(NullArray::new(1000)))]);
    assert_eq!(read(messages(&some, None)).unwrap(), [some]);
}

#[test]
fn bodies_that_would_inflate_to_gigabytes_are_refused() {
    let zeros: ArrayRef = Arc::new(StringArray::from(vec!["0".repeat(1 << 20); 260]));
    for compression in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        let sent = messages(&batch(vec![("z", Arc::clone(&zeros))]), Some(compression));
        assert!(sent[1].data_body.len() < 2 << 20);
        let refused = read(sent).unwrap_err();
        assert!(matches!(refused, ProtocolError::Limit(_)), "{refused}");
        assert!(refused.to_string().contains("256 MiB"), "{refused}");
    }
}

#[test]
fn compressed_buffers_that_lie_about_their_length_are_refused() {
    for compression in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        let sent = messages(&numbers_in_a_row(), Some(compression));
        for said in [-2_i64, 1, i64::MAX, 1 << 40] {
            let mut sent = sent.clone();
            let mut body = sent[1].data_body.to_vec();
            // The first buffer, of no nulls, is empty: the values come first.
            body[..8].copy_from_slice(&said.to_le_bytes());
            sent[1].data_body = body.into();
            assert!(read(sent).is_err(), "{said}");
        }
    }
}

fn numbers_in_a_row() -> RecordBatch {
    let numbers = Int32Array::from(vec![7; 4096]);
    batch(vec![("n", Arc::new(numbers))])
}

#[test]
fn a_schema_of_too_many_columns_is_refused() {
    let fields: Vec<Field> = (0..100_000)
        .map(|at| Field::new(format!("c{at}"), DataType::Int32, true))
        .collect();
    let wide = RecordBatch::new_empty(Arc::new(Schema::new(fields)));
    assert_eq!(
        refusal(vec![messages(&wide, None).remove(0)]),
        "the rows cannot be read: a schema may have 16384 fields, got more"
    );
}

#[test]
fn a_schema_that_is_too_deep_is_refused() {
    let mut nested = DataType::Int32;
    for _ in 0..40 {
        nested = DataType::List(Arc::new(Field::new("item", nested, true)));
    }
    let schema = Schema::new(vec![Field::new("deep", nested, true)]);
    let deep = RecordBatch::new_empty(Arc::new(schema));
    assert_eq!(
        refusal(vec![messages(&deep, None).remove(0)]),
        "the rows cannot be read: the fields of a schema may lie 32 deep, got more"
    );
}

#[test]
fn empty_batches_take_no_memory() {
    let empty = RecordBatch::new_empty(numbers().schema());
    let mut sent = messages(&empty, None);
    let message = sent.pop().unwrap();
    sent.extend(vec![message; 20_000]);
    assert_eq!(read(sent).unwrap(), [empty]);
}

#[test]
fn dictionaries_of_a_stream_are_counted_together() {
    let long = "x".repeat(1 << 20);
    let values: ArrayRef = Arc::new(StringArray::from(vec![long.as_str(); 30]));
    let keys = Int32Array::from(vec![0]);
    let sent = messages(
        &batch(vec![("w", Arc::new(DictionaryArray::new(keys, values)))]),
        None,
    );
    let [schema, dictionary, rows] = <[FlightData; 3]>::try_from(sent).unwrap();
    let twice = vec![
        schema,
        dictionary.clone(),
        rows.clone(),
        dictionary.clone(),
        rows.clone(),
        dictionary,
        rows,
    ];
    let refused = read(twice).unwrap_err();
    assert!(matches!(refused, ProtocolError::Limit(_)), "{refused}");
}

#[test]
fn decimals_beyond_their_precision_are_refused() {
    let decimals = Decimal128Array::from(vec![12_345]);
    let decimals = decimals.with_precision_and_scale(5, 2).unwrap();
    let narrow = decimals.clone().with_precision_and_scale(4, 2);
    let sent = batch(vec![("d", Arc::new(decimals))]);
    assert_eq!(read(messages(&sent, None)).unwrap(), [sent]);
    let sent = batch(vec![("d", Arc::new(narrow.unwrap()) as ArrayRef)]);
    assert_eq!(sent.column(0).len(), 1);
    assert_eq!(
        refusal(messages(&sent, None)),
        "the rows cannot be read: a decimal has more than 4 digits"
    );
}
