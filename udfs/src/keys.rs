//! Keys of any type as dense numbers: customers, baskets, items.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::rows::for_each_counted;

/// Numbers keys in the order in which they first come. Equal keys of different owners
/// (the groups of an aggregate, say) are different keys; where it does not matter whose
/// a key is, all have owner 0.
///
/// Keys are kept as bytes in Arrow's row format, one after another, so that a key costs
/// its bytes and some 30 more, and comparing the bytes compares the values.
#[derive(Debug)]
pub(crate) struct Keys {
    data_type: DataType,
    converter: RowConverter,
    bytes: Vec<u8>,
    /// Where each key's bytes end.
    ends: Vec<usize>,
    owners: Vec<u32>,
    /// Whether all keys are of one width of at most eight bytes.
    narrow: bool,
    numbers: HashTable<Numbered>,
    hasher: DefaultHashBuilder,
}

/// A key in the table of numbers, with what tells it from most others without a look at its bytes.
#[derive(Debug)]
struct Numbered {
    /// The bytes of a narrow key, the hash of another.
    print: u64,
    owner: u32,
    number: u32,
}

impl Keys {
    /// No keys yet, of columns of type `data_type`.
    ///
    /// # Errors
    ///
    /// Arrow's, for a type that has no order.
    pub(crate) fn new(data_type: &DataType) -> Result<Self> {
        let data_type = stored_type(data_type);
        Ok(Self {
            converter: RowConverter::new(vec![SortField::new(data_type.clone())])?,
            narrow: data_type.primitive_width().is_some_and(|width| width <= 8),
            data_type,
            bytes: Vec::new(),
            ends: Vec::new(),
            owners: Vec::new(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        })
    }

    /// How many keys there are; their numbers are below it.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The owner of key `number`.
    pub(crate) fn owner(&self, number: u32) -> u32 {
        self.owners[number as usize]
    }

    /// The owners of all keys, by number.
    pub(crate) fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// Bytes of key `number` that compare like the keys.
    pub(crate) fn bytes(&self, number: u32) -> &[u8] {
        key_bytes(&self.bytes, &self.ends, number)
    }

    /// Appends to `numbers` the number of each key in `column` that `counted` lets
    /// through; `owner` gives a row's owner.
    ///
    /// # Errors
    ///
    /// An execution error beyond four billion keys.
    pub(crate) fn number(
        &mut self,
        column: &ArrayRef,
        counted: Option<&NullBuffer>,
        owner: impl Fn(usize) -> u32,
        numbers: &mut Vec<u32>,
    ) -> Result<()> {
        let stored = if column.data_type() == &self.data_type {
            ArrayRef::clone(column)
        } else {
            cast(column, &self.data_type)?
        };
        // GROUP BY holds both zeros for one, and so must a key.
        let stored: ArrayRef = match stored.data_type() {
            DataType::Float64 => Arc::new(
                stored
                    .as_primitive::<Float64Type>()
                    .unary::<_, Float64Type>(|x| x + 0.0),
            ),
            DataType::Float32 => Arc::new(
                stored
                    .as_primitive::<Float32Type>()
                    .unary::<_, Float32Type>(|x| x + 0.0),
            ),
            _ => stored,
        };
        let rows = self.converter.convert_columns(&[stored])?;
        let mut last: Option<u32> = None;
        let mut overflow = false;
        for_each_counted(rows.num_rows(), counted, |row| {
            let key = rows.row(row);
            let (key, owner) = (key.data(), owner(row));
            // Lines of a basket mostly follow one another.
            let number = match last {
                Some(last) if self.owner(last) == owner && self.bytes(last) == key => last,
                _ => self.find_or_add(owner, key).unwrap_or_else(|| {
                    overflow = true;
                    0
                }),
            };
            last = Some(number);
            numbers.push(number);
        });
        if overflow {
            return Err(exec_datafusion_err!("more than {} distinct keys", u32::MAX));
        }
        Ok(())
    }

    /// `None` when there is no number left.
    fn find_or_add(&mut self, owner: u32, key: &[u8]) -> Option<u32> {
        let Self {
            bytes,
            ends,
            narrow,
            numbers,
            hasher,
            ..
        } = self;
        let print = match narrow {
            true => narrow_print(key),
            false => hasher.hash_one(key),
        };
        let same = |other: &Numbered| {
            (other.print, other.owner) == (print, owner)
                && (*narrow || key_bytes(bytes, ends, other.number) == key)
        };
        let hash = |key: &Numbered| hasher.hash_one((key.print, key.owner));
        let number = u32::try_from(ends.len()).ok();
        let new = Numbered {
            print,
            owner,
            number: number.unwrap_or(u32::MAX),
        };
        match numbers.entry(hash(&new), same, hash) {
            Entry::Occupied(found) => Some(found.get().number),
            Entry::Vacant(vacant) => {
                let number = number.filter(|&number| number < u32::MAX)?;
                vacant.insert(new);
                bytes.extend_from_slice(key);
                ends.push(bytes.len());
                self.owners.push(owner);
                Some(number)
            }
        }
    }

    /// Forgets the keys for which `keep` gives no owner and gives the others theirs.
    /// Returns the new numbers by the old ones, [`u32::MAX`] for a key that is gone.
    pub(crate) fn retain(&mut self, keep: impl Fn(u32, u32) -> Option<u32>) -> Vec<u32> {
        let old_bytes = std::mem::take(&mut self.bytes);
        let old_ends = std::mem::take(&mut self.ends);
        let old_owners = std::mem::take(&mut self.owners);
        self.numbers = HashTable::new();
        (0u32..)
            .zip(&old_owners)
            .map(|(old, &owner)| match keep(old, owner) {
                Some(owner) => self
                    .find_or_add(owner, key_bytes(&old_bytes, &old_ends, old))
                    .unwrap_or(u32::MAX),
                None => u32::MAX,
            })
            .collect()
    }

    /// Forgets the keys whose numbers are not among `used`. Returns the new numbers by the old ones,
    /// as [`Keys::retain`] does.
    pub(crate) fn retain_used(&mut self, used: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut is_used = vec![false; self.len()];
        used.for_each(|number| is_used[number as usize] = true);
        self.retain(|number, owner| is_used[number as usize].then_some(owner))
    }

    /// The keys of `numbers` as a column of the stored type.
    pub(crate) fn column(&self, numbers: &[u32]) -> Result<ArrayRef> {
        let parser = self.converter.parser();
        let rows = numbers
            .iter()
            .map(|&number| parser.parse(self.bytes(number)));
        let columns = self.converter.convert_rows(rows)?;
        columns
            .into_iter()
            .next()
            .ok_or_else(|| exec_datafusion_err!("keys have no column"))
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.bytes.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.owners.capacity() * size_of::<u32>()
            + self.numbers.allocation_size()
            + self.converter.size()
    }
}

/// The bytes of a narrow key after the first, which says that it is not NULL.
fn narrow_print(key: &[u8]) -> u64 {
    let mut print = [0; 8];
    for (to, from) in print.iter_mut().zip(key.iter().skip(1)) {
        *to = *from;
    }
    u64::from_ne_bytes(print)
}

fn key_bytes<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[start..ends[number]]
}

/// The type in which keys of `data_type` are kept and handed from state to state: without
/// dictionaries and views, and with offsets that cannot overflow.
pub(crate) fn stored_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => stored_type(values),
        DataType::Utf8 | DataType::Utf8View => DataType::LargeUtf8,
        DataType::Binary | DataType::BinaryView => DataType::LargeBinary,
        other => other.clone(),
    }
}

/// The type in which keys of `data_type` are returned: one that JDBC understands, so
/// without dictionaries, views, large offsets and unsigned integers, also within lists and structs.
pub fn result_type(data_type: &DataType) -> DataType {
    let result_field = |field: &Field| field.clone().with_data_type(result_type(field.data_type()));
    match data_type {
        DataType::List(item) => DataType::List(Arc::new(result_field(item))),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| result_field(field)).collect())
        }
        DataType::Dictionary(_, values) => result_type(values),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{AsArray, Int32Array, StringViewArray};
    use datafusion::arrow::datatypes::Int32Type;

    use super::*;

    fn number(keys: &mut Keys, values: &[&str], owner: u32) -> Vec<u32> {
        let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(values));
        let mut numbers = Vec::new();
        keys.number(&column, None, |_| owner, &mut numbers).unwrap();
        numbers
    }

    #[test]
    fn keys_are_numbered_by_owner_and_come_back() {
        let mut keys = Keys::new(&DataType::Utf8View).unwrap();
        assert_eq!(
            number(&mut keys, &["b", "b", "a", "", "b"], 0),
            [0, 0, 1, 2, 0]
        );
        assert_eq!(number(&mut keys, &["a", "b"], 1), [3, 4]);
        assert!(keys.bytes(1) < keys.bytes(0) && keys.bytes(2) < keys.bytes(1));
        let column = keys.column(&[4, 2, 1]).unwrap();
        let values: Vec<_> = column.as_string::<i64>().iter().flatten().collect();
        assert_eq!(values, ["b", "", "a"]);
    }

    #[test]
    fn narrow_keys_are_told_apart() {
        let values: ArrayRef = Arc::new(Int32Array::from(vec![0, 1, -1, 256, i32::MIN, 1, 0]));
        let mut keys = Keys::new(&DataType::Int32).unwrap();
        let mut numbers = Vec::new();
        keys.number(&values, None, |row| u32::from(row == 6), &mut numbers)
            .unwrap();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 1, 5]);
        let column = keys.column(&[4, 3]).unwrap();
        assert_eq!(
            column.as_primitive::<Int32Type>().values(),
            &[i32::MIN, 256]
        );
    }

    #[test]
    fn what_is_retained_keeps_its_order() {
        let mut keys = Keys::new(&DataType::Utf8).unwrap();
        number(&mut keys, &["x", "y"], 0);
        number(&mut keys, &["x", "z"], 2);
        let numbers = keys.retain(|_, owner| owner.checked_sub(1));
        assert_eq!(numbers, [u32::MAX, u32::MAX, 0, 1]);
        assert_eq!((keys.len(), keys.owners()), (2, [1, 1].as_slice()));
        assert_eq!(number(&mut keys, &["z", "y"], 1), [1, 2]);
        let numbers = keys.retain_used([2, 0, 2].into_iter());
        assert_eq!(numbers, [0, u32::MAX, 1]);
        assert_eq!(number(&mut keys, &["y", "z", "x"], 1), [1, 2, 0]);
    }
}
