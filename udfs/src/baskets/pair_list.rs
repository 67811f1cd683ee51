//! Pairs of items as the elements of a list column.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;

use crate::keys::{Keys, result_type};
use crate::lists::result_lists;
use crate::math::pairs::Pair;

/// The fields of a pair whose items are given as `item`.
pub(super) fn pair_fields(item: &DataType) -> Fields {
    let item = result_type(item);
    let field = |name: &str, data_type: &DataType| Field::new(name, data_type.clone(), true);
    let mut fields = vec![field("item_a", &item), field("item_b", &item)];
    let counts = ["baskets_a", "baskets_b", "baskets_both", "baskets"];
    fields.extend(counts.map(|name| field(name, &DataType::Int64)));
    let fractions = ["support", "confidence_ab", "confidence_ba", "lift"];
    fields.extend(fractions.map(|name| field(name, &DataType::Float64)));
    fields.into()
}

/// A list column of pairs: `lengths` pairs a row. Each comes with the number of baskets
/// it was found among; `items` are the keys of its items.
///
/// # Errors
///
/// An execution error for more pairs than lists can hold.
pub(super) fn pair_list(
    function: &str,
    fields: &Fields,
    items: &Keys,
    pairs: &[(Pair, u64)],
    lengths: Vec<usize>,
) -> Result<ArrayRef> {
    let keys = |item: fn(&Pair) -> u32| -> Result<ArrayRef> {
        let numbers: Vec<u32> = pairs.iter().map(|(pair, _)| item(pair)).collect();
        Ok(cast(&items.column(&numbers)?, fields[0].data_type())?)
    };
    let counts = |count: fn(&Pair, u64) -> u64| -> ArrayRef {
        let counts = pairs.iter().map(|(pair, baskets)| count(pair, *baskets));
        Arc::new(Int64Array::from_iter_values(counts.map(u64::cast_signed)))
    };
    let fractions = |fraction: fn(&Pair, u64) -> f64| -> ArrayRef {
        let fractions = pairs.iter().map(|(pair, baskets)| fraction(pair, *baskets));
        Arc::new(Float64Array::from_iter_values(fractions))
    };
    let columns = vec![
        keys(|pair| pair.a)?,
        keys(|pair| pair.b)?,
        counts(|pair, _| pair.baskets_a.into()),
        counts(|pair, _| pair.baskets_b.into()),
        counts(|pair, _| pair.both.into()),
        counts(|_, baskets| baskets),
        fractions(|pair, baskets| f64::from(pair.both) / baskets as f64),
        fractions(|pair, _| f64::from(pair.both) / f64::from(pair.baskets_a)),
        fractions(|pair, _| f64::from(pair.both) / f64::from(pair.baskets_b)),
        fractions(Pair::lift),
    ];
    as_list(function, fields, columns, lengths)
}

/// Columns of structs as a list column with `lengths` of them a row.
///
/// # Errors
///
/// An execution error for more of them than lists can hold.
pub(super) fn as_list(
    function: &str,
    fields: &Fields,
    columns: Vec<ArrayRef>,
    lengths: Vec<usize>,
) -> Result<ArrayRef> {
    let values = StructArray::try_new(fields.clone(), columns, None)?;
    result_lists(function, Arc::new(values), lengths, None)
}
