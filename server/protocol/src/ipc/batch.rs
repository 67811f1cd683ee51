//! A batch's columns, counted out over its nodes and buffers as the reader does it.

use std::slice::Iter;

use arrow::datatypes::{DataType, UnionMode};
use arrow_ipc::{Buffer, FieldNode, Message, MetadataVersion, RecordBatch};

use super::compressed::Codec;
use super::{INFLATED_BYTES, ROWS_WITHOUT_BYTES, invalid, too_large};
use crate::error::ProtocolError;

/// Rows that one byte can hold: a boolean's take a bit each.
const ROWS_A_BYTE: usize = 8;

/// Checks a batch with columns of `types`, and returns how many bytes it takes once inflated.
pub(super) fn inspect<'t>(
    types: impl Iterator<Item = &'t DataType>,
    message: &Message<'_>,
    batch: RecordBatch<'_>,
    body: &[u8],
) -> Result<usize, ProtocolError> {
    let (buffers, bytes) = buffers(batch, body)?;
    let limit = bytes.saturating_mul(ROWS_A_BYTE).max(ROWS_WITHOUT_BYTES);
    rows(batch.length(), limit)?;
    let nodes: Vec<FieldNode> = batch.nodes().into_iter().flatten().copied().collect();
    let counts: Vec<i64> = batch.variadicBufferCounts().into_iter().flatten().collect();
    let mut parts = Parts {
        nodes: nodes.iter(),
        buffers: buffers.iter(),
        counts: counts.iter(),
        unions_have_nulls: message.version() < MetadataVersion::V5,
        limit,
    };
    for data_type in types {
        parts.column(data_type)?;
    }
    if parts.counts.next().is_some() {
        return Err(invalid("a batch counts buffers of more views than it has"));
    }
    Ok(bytes)
}

/// A buffer's length once inflated, and whether four-byte values can be read from where it lies.
#[derive(Debug, Clone, Copy)]
struct Extent {
    length: usize,
    aligned: bool,
}

/// The buffers of a batch, and how many bytes they take together.
fn buffers(batch: RecordBatch<'_>, body: &[u8]) -> Result<(Vec<Extent>, usize), ProtocolError> {
    let codec = batch
        .compression()
        .map(|compression| Codec::of(compression.codec()))
        .transpose()?;
    let (mut sent, mut inflated) = (0_usize, 0_usize);
    let mut extents = Vec::new();
    for buffer in batch.buffers().into_iter().flatten() {
        let bytes = slice(buffer, body)?;
        sent = sent.saturating_add(bytes.len());
        if sent > body.len() {
            return Err(invalid("the buffers of a batch lie over each other"));
        }
        let extent = match codec {
            None => Extent {
                length: bytes.len(),
                aligned: buffer.offset() % 4 == 0,
            },
            // Inflated buffers are allocated anew; what was not packed stays where it is.
            Some(codec) => Extent {
                length: codec.inflated(bytes)?,
                aligned: buffer.offset() % 4 == 0,
            },
        };
        inflated = inflated.saturating_add(extent.length);
        if inflated > INFLATED_BYTES {
            return Err(too_large("a message takes", INFLATED_BYTES));
        }
        extents.push(extent);
    }
    Ok((extents, inflated))
}

fn slice<'a>(buffer: &Buffer, body: &'a [u8]) -> Result<&'a [u8], ProtocolError> {
    let begin = usize::try_from(buffer.offset()).ok();
    let length = usize::try_from(buffer.length()).ok();
    begin
        .zip(length)
        .and_then(|(begin, length)| body.get(begin..begin.checked_add(length)?))
        .ok_or_else(|| {
            invalid(format!(
                "a buffer of {} bytes at {} does not lie in the body of {}",
                buffer.length(),
                buffer.offset(),
                body.len()
            ))
        })
}

/// A number of rows that a message of this size can have.
fn rows(rows: i64, limit: usize) -> Result<usize, ProtocolError> {
    usize::try_from(rows)
        .ok()
        .filter(|rows| *rows <= limit)
        .ok_or_else(|| {
            invalid(format!(
                "a message of this size cannot hold {rows} rows; send fewer at a time"
            ))
        })
}

/// What is left of a batch's parts.
struct Parts<'a> {
    nodes: Iter<'a, FieldNode>,
    buffers: Iter<'a, Extent>,
    counts: Iter<'a, i64>,
    /// As in the versions of the format before 5.
    unions_have_nulls: bool,
    limit: usize,
}

/// Rows and nulls that a column claims.
#[derive(Debug, Clone, Copy)]
struct Node {
    rows: usize,
    nulls: usize,
}

impl Parts<'_> {
    fn column(&mut self, data_type: &DataType) -> Result<(), ProtocolError> {
        match data_type {
            DataType::Null => {
                self.node()?;
            }
            DataType::Utf8 | DataType::Binary => {
                self.nullable()?;
                self.whole(4)?;
                self.skip(1)?;
            }
            DataType::LargeUtf8 | DataType::LargeBinary => {
                self.nullable()?;
                self.whole(8)?;
                self.skip(1)?;
            }
            DataType::Utf8View | DataType::BinaryView => {
                let count = self.counts.next().copied();
                let count = count.and_then(|count| usize::try_from(count).ok());
                let count = count.ok_or_else(|| {
                    invalid("a batch does not say how many buffers a column of views has")
                })?;
                self.nullable()?;
                self.whole(16)?;
                self.skip(count)?;
            }
            DataType::List(item) | DataType::Map(item, _) => {
                self.nullable()?;
                self.whole(4)?;
                self.column(item.data_type())?;
            }
            DataType::LargeList(item) => {
                self.nullable()?;
                self.whole(8)?;
                self.column(item.data_type())?;
            }
            DataType::ListView(item) => {
                self.nullable()?;
                self.whole(4)?;
                self.whole(4)?;
                self.column(item.data_type())?;
            }
            DataType::LargeListView(item) => {
                self.nullable()?;
                self.whole(8)?;
                self.whole(8)?;
                self.column(item.data_type())?;
            }
            DataType::FixedSizeList(item, _) => {
                self.nullable()?;
                self.column(item.data_type())?;
            }
            DataType::Struct(fields) => {
                self.nullable()?;
                for field in fields {
                    self.column(field.data_type())?;
                }
            }
            DataType::RunEndEncoded(ends, values) => {
                self.node()?;
                self.column(ends.data_type())?;
                self.column(values.data_type())?;
            }
            DataType::Union(fields, mode) => {
                let rows = self.node()?.rows;
                if self.unions_have_nulls {
                    self.skip(1)?;
                }
                self.at_least(rows)?;
                if *mode == UnionMode::Dense {
                    let offsets = self.at_least(rows.saturating_mul(4))?;
                    if !offsets.aligned {
                        return Err(invalid("a union's offsets must lie at a multiple of 4"));
                    }
                }
                for (_, field) in fields.iter() {
                    self.column(field.data_type())?;
                }
            }
            DataType::Dictionary(key, _) => {
                self.nullable()?;
                self.whole(key.primitive_width().unwrap_or(1))?;
            }
            // Booleans, numbers, times, and binaries of one size.
            plain => {
                self.nullable()?;
                self.whole(plain.primitive_width().unwrap_or(1))?;
            }
        }
        Ok(())
    }

    fn node(&mut self) -> Result<Node, ProtocolError> {
        let node = self
            .nodes
            .next()
            .ok_or_else(|| invalid("a batch has fewer columns than its schema"))?;
        let rows = rows(node.length(), self.limit)?;
        let nulls = usize::try_from(node.null_count())
            .ok()
            .filter(|nulls| *nulls <= rows)
            .ok_or_else(|| {
                let nulls = node.null_count();
                invalid(format!("a column of {rows} rows cannot have {nulls} nulls"))
            })?;
        Ok(Node { rows, nulls })
    }

    /// A node with its validity buffer, which may be left empty while there are no nulls.
    fn nullable(&mut self) -> Result<(), ProtocolError> {
        let node = self.node()?;
        let wanted = match node.nulls {
            0 => 0,
            _ => node.rows.div_ceil(ROWS_A_BYTE),
        };
        self.at_least(wanted)?;
        Ok(())
    }

    fn at_least(&mut self, bytes: usize) -> Result<Extent, ProtocolError> {
        let extent = self.buffer()?;
        if extent.length < bytes {
            return Err(invalid(format!(
                "expected a buffer of {bytes} bytes, got {}",
                extent.length
            )));
        }
        Ok(extent)
    }

    /// A buffer of whole values: the reader takes all of it for values, whatever the rows want.
    fn whole(&mut self, width: usize) -> Result<(), ProtocolError> {
        let extent = self.buffer()?;
        if extent.length % width != 0 {
            return Err(invalid(format!(
                "a buffer of {} bytes cannot hold values of {width}",
                extent.length
            )));
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) -> Result<(), ProtocolError> {
        for _ in 0..count {
            self.buffer()?;
        }
        Ok(())
    }

    fn buffer(&mut self) -> Result<Extent, ProtocolError> {
        let buffer = self.buffers.next().copied();
        buffer.ok_or_else(|| invalid("a batch has fewer buffers than its schema wants"))
    }
}
