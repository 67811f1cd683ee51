//! What rows take once their values are written out plainly.
//!
//! Dictionaries, runs and views say a value once and point at it from many rows, so that a batch
//! of a few kilobytes may become gigabytes when it is recast. The size is known before.

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait, RunArray, UnionArray};
use arrow::datatypes::{DataType, Int16Type, Int32Type, Int64Type, RunEndIndexType};

/// Counted for a value whose width its type does not say, and for an offset or a key.
const BASE_BYTES: u64 = 8;

/// Bytes that each row takes in those columns that say values once; none when there are no such
/// columns, and what they take is what they will take.
pub(crate) fn flat_bytes<'a>(columns: impl Iterator<Item = &'a ArrayRef>) -> Option<Vec<u64>> {
    let mut compact = columns.filter(|column| is_compact(column.data_type()));
    let mut bytes = row_bytes(compact.next()?);
    for column in compact {
        add(&mut bytes, &row_bytes(column));
    }
    Some(bytes)
}

/// Whether values of the type may be said once for many rows, at any depth.
pub(crate) fn is_compact(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, _)
        | DataType::RunEndEncoded(_, _)
        | DataType::Utf8View
        | DataType::BinaryView
        | DataType::ListView(_)
        | DataType::LargeListView(_) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_compact(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| is_compact(field.data_type())),
        DataType::Union(fields, _) => fields
            .iter()
            .any(|(_, field)| is_compact(field.data_type())),
        _ => false,
    }
}

/// Bytes that each row takes, roughly.
pub(crate) fn row_bytes(array: &dyn Array) -> Vec<u64> {
    match array.data_type() {
        DataType::Utf8 => lengths(array.as_string::<i32>().value_offsets()),
        DataType::LargeUtf8 => lengths(array.as_string::<i64>().value_offsets()),
        DataType::Binary => lengths(array.as_binary::<i32>().value_offsets()),
        DataType::LargeBinary => lengths(array.as_binary::<i64>().value_offsets()),
        DataType::Utf8View => viewed(array.as_string_view().views()),
        DataType::BinaryView => viewed(array.as_binary_view().views()),
        DataType::FixedSizeBinary(width) => {
            vec![u64::try_from(*width).unwrap_or(BASE_BYTES); array.len()]
        }
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = row_bytes(dictionary.values());
            if values.is_empty() {
                return vec![BASE_BYTES; array.len()];
            }
            let keys = dictionary.normalized_keys();
            keys.into_iter().map(|key| values[key]).collect()
        }
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => runs::<Int16Type>(array),
            DataType::Int32 => runs::<Int32Type>(array),
            _ => runs::<Int64Type>(array),
        },
        DataType::Struct(_) => {
            let mut bytes = vec![BASE_BYTES; array.len()];
            for column in array.as_struct().columns() {
                add(&mut bytes, &row_bytes(column));
            }
            bytes
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            spans(list.values(), pairs(list.value_offsets()))
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            spans(list.values(), pairs(list.value_offsets()))
        }
        DataType::Map(_, _) => {
            let map = array.as_map();
            spans(map.entries(), pairs(map.value_offsets()))
        }
        DataType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            spans(
                list.values(),
                views(list.value_offsets(), list.value_sizes()),
            )
        }
        DataType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            spans(
                list.values(),
                views(list.value_offsets(), list.value_sizes()),
            )
        }
        DataType::FixedSizeList(_, size) => {
            let list = array.as_fixed_size_list();
            let size = usize::try_from(*size).unwrap_or(0);
            spans(
                list.values(),
                (0..list.len()).map(|row| (row * size, (row + 1) * size)),
            )
        }
        DataType::Union(_, _) => union(array.as_union()),
        plain => {
            let width = plain
                .primitive_width()
                .map_or(BASE_BYTES, |width| width as u64);
            vec![width; array.len()]
        }
    }
}

fn add(to: &mut [u64], bytes: &[u64]) {
    for (to, bytes) in to.iter_mut().zip(bytes) {
        *to = to.saturating_add(*bytes);
    }
}

fn pairs<O: OffsetSizeTrait>(offsets: &[O]) -> impl Iterator<Item = (usize, usize)> {
    offsets
        .windows(2)
        .map(|pair| (pair[0].as_usize(), pair[1].as_usize()))
}

fn views<O: OffsetSizeTrait>(offsets: &[O], sizes: &[O]) -> impl Iterator<Item = (usize, usize)> {
    offsets.iter().zip(sizes).map(|(offset, size)| {
        let begin = offset.as_usize();
        (begin, begin + size.as_usize())
    })
}

fn lengths<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<u64> {
    pairs(offsets)
        .map(|(begin, end)| BASE_BYTES + (end - begin) as u64)
        .collect()
}

/// The length is the low half of a view's low half.
fn viewed(views: &[u128]) -> Vec<u64> {
    views
        .iter()
        .map(|view| BASE_BYTES + (view & u128::from(u32::MAX)) as u64)
        .collect()
}

fn runs<R: RunEndIndexType>(array: &dyn Array) -> Vec<u64> {
    let Some(runs) = array.as_any().downcast_ref::<RunArray<R>>() else {
        return vec![BASE_BYTES; array.len()];
    };
    let values = row_bytes(runs.values());
    (0..runs.len())
        .map(|row| values[runs.get_physical_index(row)])
        .collect()
}

/// Sums over the items from one place to another.
fn spans(items: &dyn Array, spans: impl Iterator<Item = (usize, usize)>) -> Vec<u64> {
    let mut sums = vec![0_u64];
    let mut sum = 0_u64;
    sums.extend(row_bytes(items).into_iter().map(|bytes| {
        sum = sum.saturating_add(bytes);
        sum
    }));
    spans
        .map(|(begin, end)| BASE_BYTES.saturating_add(sums[end] - sums[begin]))
        .collect()
}

fn union(union: &UnionArray) -> Vec<u64> {
    let mut children = vec![Vec::new(); 128];
    if let DataType::Union(fields, _) = union.data_type() {
        for (id, _) in fields.iter() {
            if let Ok(at) = usize::try_from(id) {
                children[at] = row_bytes(union.child(id));
            }
        }
    }
    (0..union.len())
        .map(|row| {
            let at = usize::try_from(union.type_id(row)).unwrap_or(0);
            let bytes = children[at].get(union.value_offset(row));
            BASE_BYTES + bytes.copied().unwrap_or(0)
        })
        .collect()
}
