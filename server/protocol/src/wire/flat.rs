//! What rows take once their values are written out plainly.
//!
//! Dictionaries, runs and views say a value once and point at it from many rows, so that a batch
//! of a few kilobytes may become gigabytes when it is recast. Whether rows fit a number of bytes is
//! known before. Looking ends where they do not, and nothing is kept of what was seen, so that it
//! takes no longer than writing those bytes, and no memory.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, OffsetSizeTrait, RunArray};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, DataType, Int16Type, Int32Type, Int64Type,
    RunEndIndexType,
};
use arrow::downcast_dictionary_array;

/// Counted for a value whose width its type does not say, and for an offset or a key.
const BASE_BYTES: u64 = 8;

/// Whether values of the type may be said once for many rows, at any depth.
fn is_compact(data_type: &DataType) -> bool {
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

/// Bytes that values which are written out may take.
#[derive(Debug)]
pub(crate) struct Room(u64);

impl Room {
    pub(crate) fn of(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Takes in some rows of those columns that say values once; false when there is no room for
    /// them. What the other columns take is what they will take.
    pub(crate) fn takes<'a>(
        &mut self,
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: Range<usize>,
    ) -> bool {
        let mut compact = columns.filter(|column| is_compact(column.data_type()));
        compact.all(|column| self.put(column, rows.clone()).is_some())
    }

    /// Every call takes at least a byte for each row, so that their number is bounded as well.
    fn put(&mut self, array: &dyn Array, mut rows: Range<usize>) -> Option<()> {
        if let Some(width) = width(array.data_type()) {
            return self.each(width, rows.len());
        }
        self.each(BASE_BYTES, rows.len())?;
        match array.data_type() {
            DataType::Utf8 => self.between(array.as_string::<i32>().value_offsets(), rows),
            DataType::LargeUtf8 => self.between(array.as_string::<i64>().value_offsets(), rows),
            DataType::Binary => self.between(array.as_binary::<i32>().value_offsets(), rows),
            DataType::LargeBinary => self.between(array.as_binary::<i64>().value_offsets(), rows),
            DataType::Utf8View => self.viewed(&array.as_string_view().views()[rows]),
            DataType::BinaryView => self.viewed(&array.as_binary_view().views()[rows]),
            DataType::Dictionary(_, _) => downcast_dictionary_array!(
                array => self.named(array, rows),
                _ => Some(()),
            ),
            DataType::RunEndEncoded(ends, _) => match ends.data_type() {
                DataType::Int16 => self.runs::<Int16Type>(array, rows),
                DataType::Int32 => self.runs::<Int32Type>(array, rows),
                _ => self.runs::<Int64Type>(array, rows),
            },
            DataType::Struct(_) => {
                let mut columns = array.as_struct().columns().iter();
                columns.try_for_each(|column| self.put(column, rows.clone()))
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                self.put(list.values(), span(list.value_offsets(), rows))
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                self.put(list.values(), span(list.value_offsets(), rows))
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                self.put(map.entries(), span(map.value_offsets(), rows))
            }
            DataType::ListView(_) => {
                let list = array.as_list_view::<i32>();
                self.pieces(
                    list.values(),
                    list.value_offsets(),
                    list.value_sizes(),
                    rows,
                )
            }
            DataType::LargeListView(_) => {
                let list = array.as_list_view::<i64>();
                self.pieces(
                    list.values(),
                    list.value_offsets(),
                    list.value_sizes(),
                    rows,
                )
            }
            DataType::FixedSizeList(_, size) => {
                let size = usize::try_from(*size).unwrap_or(0);
                let items = rows.start * size..rows.end * size;
                self.put(array.as_fixed_size_list().values(), items)
            }
            DataType::Union(_, _) => {
                let union = array.as_union();
                rows.try_for_each(|row| {
                    let at = union.value_offset(row);
                    self.put(union.child(union.type_id(row)), at..at + 1)
                })
            }
            _ => Some(()),
        }
    }

    fn each(&mut self, bytes: u64, times: usize) -> Option<()> {
        self.bytes(bytes.checked_mul(times as u64)?)
    }

    fn bytes(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.checked_sub(bytes)?;
        Some(())
    }

    fn between<O: OffsetSizeTrait>(&mut self, offsets: &[O], rows: Range<usize>) -> Option<()> {
        self.bytes(span(offsets, rows).len() as u64)
    }

    /// The length is the low half of a view's low half.
    fn viewed(&mut self, views: &[u128]) -> Option<()> {
        let mut lengths = views
            .iter()
            .map(|view| (view & u128::from(u32::MAX)) as u64);
        lengths.try_for_each(|length| self.bytes(length))
    }

    /// A row without a value may have any key.
    fn named<K: ArrowDictionaryKeyType>(
        &mut self,
        array: &DictionaryArray<K>,
        rows: Range<usize>,
    ) -> Option<()> {
        let mut rows = rows.filter(|row| array.is_valid(*row));
        rows.try_for_each(|row| {
            let key = array.keys().value(row).as_usize();
            self.put(array.values(), key..key + 1)
        })
    }

    fn runs<R: RunEndIndexType>(
        &mut self,
        array: &dyn Array,
        mut rows: Range<usize>,
    ) -> Option<()> {
        let runs = array.as_any().downcast_ref::<RunArray<R>>()?;
        rows.try_for_each(|row| {
            let at = runs.get_physical_index(row);
            self.put(runs.values(), at..at + 1)
        })
    }

    fn pieces<O: OffsetSizeTrait>(
        &mut self,
        items: &ArrayRef,
        offsets: &[O],
        sizes: &[O],
        rows: Range<usize>,
    ) -> Option<()> {
        let mut pieces = offsets[rows.clone()].iter().zip(&sizes[rows]);
        pieces.try_for_each(|(offset, size)| {
            let begin = offset.as_usize();
            self.put(items, begin..begin + size.as_usize())
        })
    }
}

/// Bytes of a value whose type says them. A bit counts as a byte, and nothing as well.
fn width(data_type: &DataType) -> Option<u64> {
    let width = match data_type {
        DataType::Boolean | DataType::Null => 1,
        DataType::FixedSizeBinary(width) => usize::try_from(*width).unwrap_or(0),
        other => other.primitive_width()?,
    };
    Some(width.max(1) as u64)
}

/// From the first to the last item of some rows.
fn span<O: OffsetSizeTrait>(offsets: &[O], rows: Range<usize>) -> Range<usize> {
    offsets[rows.start].as_usize()..offsets[rows.end].as_usize()
}
