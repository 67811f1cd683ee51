//! Sorting numbers by keys that are small numbers themselves.

/// Makes the numbers of each key's items the places where these start when they are put one key
/// after the other, and gives how many there are.
pub(crate) fn starts(counts: &mut [usize]) -> usize {
    let mut total = 0;
    for count in counts {
        total += std::mem::replace(count, total);
    }
    total
}

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
    starts(&mut ends);
    let mut sorted = vec![0; pairs.len()];
    for pair in pairs {
        let position = &mut ends[key_of(*pair)];
        sorted[*position] = *pair;
        *position += 1;
    }
    (ends, sorted)
}
