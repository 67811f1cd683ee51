//! Sorting numbers by keys that are small numbers themselves.

/// Pairs by key, equal keys in the order given, and where each key's end.
pub(crate) fn counting_sort(
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
