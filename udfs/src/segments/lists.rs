//! Lists of customers, one a group: their order and their entries.

use datafusion::arrow::array::{ArrayRef, GenericListArray, OffsetSizeTrait};

use crate::lists::elements;

/// The entries of some lists, one list a group, and the group of each entry.
pub(super) fn list_entries<O: OffsetSizeTrait>(
    lists: &GenericListArray<O>,
    groups: &[usize],
) -> (ArrayRef, Vec<usize>) {
    let lengths = lists.offsets().lengths();
    let groups = groups.iter().zip(lengths);
    let groups = groups.flat_map(|(group, length)| std::iter::repeat_n(*group, length));
    (elements(lists), groups.collect())
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
