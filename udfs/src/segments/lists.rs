//! Lists of customers, one a group: their order, their lengths and their entries.

use datafusion::arrow::array::{Array, ArrayRef, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

/// The offsets of lists of the given lengths.
pub(super) fn list_offsets(lengths: impl Iterator<Item = usize>) -> Result<OffsetBuffer<i32>> {
    let mut offsets = vec![0];
    let mut end = 0;
    for length in lengths {
        end += length;
        offsets.push(i32::try_from(end).map_err(|_| {
            exec_datafusion_err!("{end} entries are more than lists of one batch can hold")
        })?);
    }
    Ok(OffsetBuffer::new(offsets.into()))
}

/// The entries of some lists, one list a group, and the group of each entry.
pub(super) fn list_entries(lists: &ListArray, groups: &[usize]) -> (ArrayRef, Vec<usize>) {
    let offsets = lists.value_offsets();
    let (first, last) = match offsets {
        [first, .., last] => (*first as usize, *last as usize),
        _ => (0, 0),
    };
    let lengths = offsets.windows(2).map(|ends| (ends[1] - ends[0]) as usize);
    let groups = groups.iter().zip(lengths);
    let groups = groups.flat_map(|(group, length)| std::iter::repeat_n(*group, length));
    (lists.values().slice(first, last - first), groups.collect())
}

/// Pairs by key, equal keys in the order given, and where each key's end.
pub(super) fn counting_sort(
    pairs: &[u32],
    keys: usize,
    key_of: impl Fn(u32) -> usize,
) -> (Vec<usize>, Vec<u32>) {
    let mut ends = vec![0; keys];
    for pair in pairs {
        ends[key_of(*pair)] += 1;
    }
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    let mut sorted = vec![0; pairs.len()];
    for pair in pairs {
        let position = &mut ends[key_of(*pair)];
        sorted[*position] = *pair;
        *position += 1;
    }
    (ends, sorted)
}
