//! Any array of a type, valid but full of odd values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, BinaryViewArray, GenericBinaryArray, GenericListArray,
    GenericListViewArray, GenericStringArray, MapArray, OffsetSizeTrait, RecordBatch,
    RecordBatchOptions, StringViewArray, StructArray, UnionArray, make_array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, UnionFields, UnionMode};

use super::input::Input;
use super::types::{DEPTH, data_type};

/// Rows of a batch at most.
const ROWS: usize = 24;

/// A batch of up to four columns; none when what was read makes none.
pub(super) fn batch(input: &mut Input<'_>) -> Option<RecordBatch> {
    let (columns, rows) = (input.below(5), input.below(ROWS));
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for _ in 0..columns {
        let data_type = data_type(input, DEPTH);
        arrays.push(array(input, &data_type, rows)?);
        let name = input.text();
        fields.push(Field::new(name, data_type, true));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new_with_options(schema, arrays, &options).ok()?;
    let start = input.below(rows + 1);
    // A slice, as often as not.
    Some(if input.flag() {
        batch.slice(start, rows - start)
    } else {
        batch
    })
}

/// An array of so many rows.
pub(super) fn array(input: &mut Input<'_>, data_type: &DataType, rows: usize) -> Option<ArrayRef> {
    let nulls = nulls(input, rows);
    let array: ArrayRef = match data_type {
        DataType::Utf8 => Arc::new(texts::<i32>(input, nulls, rows)),
        DataType::LargeUtf8 => Arc::new(texts::<i64>(input, nulls, rows)),
        DataType::Utf8View => Arc::new(StringViewArray::from(&texts::<i32>(input, nulls, rows))),
        DataType::Binary => Arc::new(binaries::<i32>(input, nulls, rows)),
        DataType::LargeBinary => Arc::new(binaries::<i64>(input, nulls, rows)),
        DataType::BinaryView => {
            Arc::new(BinaryViewArray::from(&binaries::<i32>(input, nulls, rows)))
        }
        DataType::Null => make_array(ArrayData::new_null(data_type, rows)),
        DataType::List(item) => list::<i32>(input, item, nulls, rows)?,
        DataType::LargeList(item) => list::<i64>(input, item, nulls, rows)?,
        DataType::ListView(item) => views::<i32>(input, item, nulls, rows)?,
        DataType::LargeListView(item) => views::<i64>(input, item, nulls, rows)?,
        DataType::FixedSizeList(item, size) => {
            let items = rows * usize::try_from(*size).ok()?;
            let values = array(input, item.data_type(), items)?;
            built(data_type, rows, nulls, vec![], vec![values])?
        }
        DataType::Struct(fields) => {
            let columns = columns(input, fields.iter().map(|field| field.data_type()), rows)?;
            let array = StructArray::try_new_with_length(fields.clone(), columns, nulls, rows);
            Arc::new(array.ok()?)
        }
        DataType::Map(entries, sorted) => {
            let offsets = offsets::<i32>(input, rows);
            let DataType::Struct(fields) = entries.data_type() else {
                return None;
            };
            let length = usize::try_from(*offsets.last()?).ok()?;
            let key = dense(input, fields[0].data_type(), length)?;
            let value = array(input, fields[1].data_type(), length)?;
            let pairs = StructArray::try_new(fields.clone(), vec![key, value], None).ok()?;
            let map = MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *sorted);
            Arc::new(map.ok()?)
        }
        DataType::Union(fields, mode) => union(input, fields, *mode, rows)?,
        DataType::RunEndEncoded(ends, values) => {
            let runs = rows;
            let width = ends.data_type().primitive_width()?;
            let ends_bytes: Vec<u8> = (1..=runs)
                .flat_map(|end| end.to_le_bytes().into_iter().take(width))
                .collect();
            let ends = built(ends.data_type(), runs, None, vec![ends_bytes], vec![])?;
            let values = array(input, values.data_type(), runs)?;
            built(data_type, rows, None, vec![], vec![ends, values])?
        }
        DataType::Dictionary(key, values) => {
            let count = 1 + input.below(4);
            let values = array(input, values, count)?;
            let width = key.primitive_width()?;
            let keys: Vec<u8> = (0..rows)
                .flat_map(|_| input.below(count).to_le_bytes().into_iter().take(width))
                .collect();
            built(data_type, rows, nulls, vec![keys], vec![values])?
        }
        DataType::Boolean => {
            let bits = input.bytes(rows.div_ceil(8));
            built(data_type, rows, nulls, vec![bits], vec![])?
        }
        DataType::FixedSizeBinary(width) => {
            let bytes = input.bytes(rows * usize::try_from(*width).ok()?);
            built(data_type, rows, nulls, vec![bytes], vec![])?
        }
        DataType::Decimal32(precision, _)
        | DataType::Decimal64(precision, _)
        | DataType::Decimal128(precision, _)
        | DataType::Decimal256(precision, _) => {
            let bytes = decimals(input, rows, *precision, data_type.primitive_width()?);
            built(data_type, rows, nulls, vec![bytes], vec![])?
        }
        plain => {
            let bytes = input.bytes(rows * plain.primitive_width()?);
            built(data_type, rows, nulls, vec![bytes], vec![])?
        }
    };
    Some(array)
}

fn nulls(input: &mut Input<'_>, rows: usize) -> Option<NullBuffer> {
    let some = input.flag();
    some.then(|| (0..rows).map(|_| !input.byte().is_multiple_of(3)).collect())
}

/// Without nulls.
fn dense(input: &mut Input<'_>, data_type: &DataType, rows: usize) -> Option<ArrayRef> {
    let array = array(input, data_type, rows)?;
    (array.logical_null_count() == 0).then_some(array)
}

fn columns<'t>(
    input: &mut Input<'_>,
    types: impl Iterator<Item = &'t DataType>,
    rows: usize,
) -> Option<Vec<ArrayRef>> {
    types
        .map(|data_type| array(input, data_type, rows))
        .collect()
}

fn built(
    data_type: &DataType,
    rows: usize,
    nulls: Option<NullBuffer>,
    buffers: Vec<Vec<u8>>,
    children: Vec<ArrayRef>,
) -> Option<ArrayRef> {
    let data = ArrayData::builder(data_type.clone())
        .len(rows)
        .nulls(nulls)
        .buffers(buffers.into_iter().map(Buffer::from_vec).collect())
        .child_data(children.iter().map(|child| child.to_data()).collect())
        .align_buffers(true)
        .build();
    data.ok().map(make_array)
}

/// Numbers of so many digits, as those with more are refused when they arrive.
fn decimals(input: &mut Input<'_>, rows: usize, precision: u8, width: usize) -> Vec<u8> {
    let end = 10_i64.pow(u32::from(precision.min(18)));
    let mut bytes = Vec::new();
    for _ in 0..rows {
        let number = input.number() % end;
        let sign = if number < 0 { 0xff } else { 0 };
        bytes.extend(
            number
                .to_le_bytes()
                .into_iter()
                .chain([sign; 24])
                .take(width),
        );
    }
    bytes
}

fn texts<O: OffsetSizeTrait>(
    input: &mut Input<'_>,
    nulls: Option<NullBuffer>,
    rows: usize,
) -> GenericStringArray<O> {
    (0..rows)
        .map(|row| {
            let text = input.text();
            nulls
                .as_ref()
                .is_none_or(|nulls| nulls.is_valid(row))
                .then_some(text)
        })
        .collect()
}

fn binaries<O: OffsetSizeTrait>(
    input: &mut Input<'_>,
    nulls: Option<NullBuffer>,
    rows: usize,
) -> GenericBinaryArray<O> {
    (0..rows)
        .map(|row| {
            let length = usize::from(input.byte() % 24);
            let bytes = input.rest(length);
            nulls
                .as_ref()
                .is_none_or(|nulls| nulls.is_valid(row))
                .then_some(bytes)
        })
        .collect()
}

/// Lists of up to three items each, after some that no list has.
fn offsets<O: OffsetSizeTrait>(input: &mut Input<'_>, rows: usize) -> OffsetBuffer<O> {
    let mut end = input.below(2);
    let mut offsets = vec![O::usize_as(end)];
    for _ in 0..rows {
        end += input.below(4);
        offsets.push(O::usize_as(end));
    }
    OffsetBuffer::new(offsets.into())
}

fn list<O: OffsetSizeTrait>(
    input: &mut Input<'_>,
    item: &FieldRef,
    nulls: Option<NullBuffer>,
    rows: usize,
) -> Option<ArrayRef> {
    let offsets = offsets::<O>(input, rows);
    let values = array(input, item.data_type(), offsets.last()?.as_usize())?;
    let list = GenericListArray::<O>::try_new(Arc::clone(item), offsets, values, nulls);
    Some(Arc::new(list.ok()?))
}

/// Lists that may lie over each other.
fn views<O: OffsetSizeTrait>(
    input: &mut Input<'_>,
    item: &FieldRef,
    nulls: Option<NullBuffer>,
    rows: usize,
) -> Option<ArrayRef> {
    let count = 1 + input.below(8);
    let values = array(input, item.data_type(), count)?;
    let (mut offsets, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let offset = input.below(count);
        offsets.push(O::usize_as(offset));
        sizes.push(O::usize_as(input.below(count - offset + 1)));
    }
    let (offsets, sizes): (ScalarBuffer<O>, ScalarBuffer<O>) = (offsets.into(), sizes.into());
    let views = GenericListViewArray::<O>::try_new(Arc::clone(item), offsets, sizes, values, nulls);
    Some(Arc::new(views.ok()?))
}

fn union(
    input: &mut Input<'_>,
    fields: &UnionFields,
    mode: UnionMode,
    rows: usize,
) -> Option<ArrayRef> {
    let ids: Vec<i8> = fields.iter().map(|(id, _)| id).collect();
    let types = fields.iter().map(|(_, field)| field.data_type());
    let length = if mode == UnionMode::Dense {
        rows + 1
    } else {
        rows
    };
    let children = columns(input, types, length)?;
    let chosen: Vec<i8> = (0..rows).map(|_| input.one(&ids)).collect();
    let places = (mode == UnionMode::Dense).then(|| {
        let places = (0..rows).map(|_| i32::try_from(input.below(length)).unwrap_or(0));
        places.collect::<ScalarBuffer<i32>>()
    });
    let union = UnionArray::try_new(fields.clone(), chosen.into(), places, children);
    Some(Arc::new(union.ok()?))
}
