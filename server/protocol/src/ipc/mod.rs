//! Looks at what strangers send as Arrow messages, before Arrow's reader does.
//!
//! The reader (arrow-ipc 59.3, below arrow-flight's `FlightRecordBatchStream`) trusts what it is
//! told in these places, and stops the thread, or takes all memory, where that is not so:
//!
//! - **Order.** `FlightDataDecoder` refuses rows before a schema, but takes a second schema and
//!   forgets its dictionaries. A dictionary message without a batch in it ends in an `unwrap`.
//! - **Types.** `fb_to_schema` panics on every type that Arrow does not have (an integer of 7
//!   bits, a list of two items, a union with two fields of one number), and walks flatbuffers in
//!   which one field is written once and named a million times.
//! - **Places.** A buffer's offset and length are cut out of the body unseen, negative ones too.
//!   Validity, and a union's numbers and offsets, are taken to be as long as the rows want.
//!   A buffer's end must not cut through a value, even one behind the rows.
//! - **Counts.** A batch's number of buffers for views is taken as it is, and asserted to be used
//!   up. Rows of types that take no bytes (null, a struct without fields) may be any number.
//! - **Sizes.** A compressed buffer is made as large as it says it will be, and an LZ4 frame is
//!   read to its end even when it says something else. Buffers may lie over each other, so that a
//!   small body counts many times.
//!
//! Everything else (offsets within strings and lists, UTF-8, keys of dictionaries, run ends,
//! nulls where there may be none) it checks itself, for as long as nobody asks it not to; decimals
//! beyond their precision it lets through, and the kernels that work with them panic.
//! [`Inspector`] refuses what is listed; one file deals with one part of it.

mod batch;
mod compressed;
mod inspector;
mod schema;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use inspector::Inspector;
pub(crate) use values::inspect as inspect_values;

use crate::error::ProtocolError;

/// Bytes that a message's description may take: a wide schema, or a batch of one.
const HEADER_BYTES: usize = 16 << 20;

/// Bytes of one message once its buffers are inflated, and of all dictionaries of a stream.
const INFLATED_BYTES: usize = 256 << 20;

/// Rows that a type without bytes may have in one message.
const ROWS_WITHOUT_BYTES: usize = 1 << 20;

pub(crate) fn invalid(what: impl std::fmt::Display) -> ProtocolError {
    ProtocolError::Invalid(format!("the rows cannot be read: {what}"))
}

fn too_large(what: &str, limit: usize) -> ProtocolError {
    ProtocolError::Limit(format!(
        "{what} more than {} MiB; send fewer rows at a time",
        limit >> 20
    ))
}
