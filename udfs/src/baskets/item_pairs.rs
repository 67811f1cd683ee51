//! `item_pairs(items, frequent)`: the pairs of frequent items in a basket.
//!
//! Definition: for each two items of `items` that are also in `frequent`, the place of the lesser
//! in `frequent`, times 2³², plus the place of the greater; places count from 1.
//!
//! - `items`: a LIST of distinct items, ascending, as `itemset` gives it. NULL has no pairs.
//! - `frequent`: a LIST of the same type, likewise, the same for all rows. NULL holds nothing.
//!
//! Result: LIST of BIGINT, ascending. One number stands for a pair, so that pairs of any items are
//! counted as fast as numbers. State: none. Cost: a search for each item, and the pairs.
//! Errors: types, at planning; lists that do not ascend are not noticed; more pairs in a batch
//! than fit into memory with certainty, at execution.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::lines::elements;
use crate::arguments;
use crate::math::distinct::pair;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::sql_types::sql_name;

const NAME: &str = "item_pairs";

/// The most pairs that one batch of baskets may have: half a gigabyte.
const MOST_PAIRS: usize = 1 << 26;

/// The pairs of frequent items in a basket.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "The pairs of a basket's items that are frequent, each as one number: the place of the lesser item among the frequent ones, times 2³², plus the place of the greater; places count from 1. Returns a LIST of BIGINT, ascending; NULL when `items` is NULL. A step of `basket_rules`: numbers are grouped and counted faster than pairs of items.",
    syntax_example = "item_pairs(items, frequent)",
    sql_example = "```sql
SELECT code >> 32 AS a, code & 4294967295 AS b
FROM (SELECT unnest(item_pairs(['beer', 'bread', 'milk'], ['beer', 'milk', 'wine'])) AS code);
+---+---+
| a | b |
+---+---+
| 1 | 2 |
+---+---+
```",
    argument(
        name = "items",
        description = "A LIST of distinct items, ascending, as `itemset` gives it."
    ),
    argument(
        name = "frequent",
        description = "A LIST of the same type, likewise ascending, the same for all rows: the value of a subquery, say."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ItemPairs {
    signature: Signature,
}

impl ItemPairs {
    pub(crate) fn new() -> Self {
        Self {
            signature: arguments::signature(Self::PARAMETERS),
        }
    }
}

impl Described for ItemPairs {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("items", Kind::Value),
        Parameter::required("frequent", Kind::Value),
    ];
}

fn codes() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Int64, true))
}

impl ScalarUDFImpl for ItemPairs {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(codes()))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        arguments::check_types(NAME, Self::PARAMETERS, args.arg_fields)?;
        let [items, frequent] = [0, 1].map(|index| args.arg_fields[index].data_type());
        match (items, frequent) {
            (DataType::List(item), DataType::List(other))
                if item.data_type() == other.data_type() =>
            {
                Ok(Arc::new(Field::new(NAME, DataType::List(codes()), true)))
            }
            _ => plan_err!(
                "arguments \"items\" and \"frequent\" of {NAME} must be lists of one type, got {} and {}",
                sql_name(items),
                sql_name(frequent)
            ),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [items, frequent] = args.args.as_slice() else {
            return exec_err!("{NAME} takes 2 arguments, got {}", args.args.len());
        };
        let ColumnarValue::Scalar(ScalarValue::List(frequent)) = frequent else {
            return exec_err!("argument \"frequent\" of {NAME} must be the same for all rows");
        };
        let items = items.to_array(args.number_rows)?;
        let items = items.as_list::<i32>();
        let frequent = frequent.value(0);
        let places = places(&elements(items), &frequent)?;
        Ok(ColumnarValue::Array(pairs(items, &places)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The place of each item among the frequent ones, from 1; 0 for the others.
fn places(items: &ArrayRef, frequent: &ArrayRef) -> Result<Vec<u32>> {
    let place =
        |found: std::result::Result<usize, usize>| found.map_or(0, |index| index as u32 + 1);
    if let (Some(items), Some(frequent)) = (
        items.as_primitive_opt::<Int64Type>(),
        frequent.as_primitive_opt::<Int64Type>(),
    ) {
        let frequent = frequent.values();
        let places = items
            .values()
            .iter()
            .map(|item| place(frequent.binary_search(item)));
        return Ok(places.collect());
    }
    let converter = RowConverter::new(vec![SortField::new(items.data_type().clone())])?;
    let frequent = converter.convert_columns(&[ArrayRef::clone(frequent)])?;
    let frequent: Vec<_> = frequent.iter().collect();
    let items = converter.convert_columns(&[ArrayRef::clone(items)])?;
    let places = items
        .iter()
        .map(|item| place(frequent.binary_search(&item)));
    Ok(places.collect())
}

/// The pairs of each row's places.
fn pairs(items: &ListArray, places: &[u32]) -> Result<ArrayRef> {
    let mut codes: Vec<i64> = Vec::new();
    let mut lengths = Vec::with_capacity(items.len());
    let mut kept = Vec::new();
    let first = items.value_offsets()[0];
    for row in 0..items.len() {
        let start = codes.len();
        if items.is_valid(row) {
            let [from, to] = [0, 1].map(|end| (items.value_offsets()[row + end] - first) as usize);
            kept.clear();
            kept.extend(places[from..to].iter().filter(|&&place| place > 0));
            let more = kept.len() * kept.len().saturating_sub(1) / 2;
            if start + more > MOST_PAIRS {
                return exec_err!(
                    "{NAME}: more than {MOST_PAIRS} pairs of frequent items in {} baskets; \
                     raise min_support, leave out the largest baskets, or make \
                     datafusion.execution.batch_size smaller",
                    row + 1
                );
            }
            for (index, &a) in kept.iter().enumerate() {
                codes.extend(kept[index + 1..].iter().map(|&b| pair(a, b).cast_signed()));
            }
        }
        lengths.push(codes.len() - start);
    }
    let list = ListArray::try_new(
        self::codes(),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(Int64Array::from(codes)),
        items.nulls().cloned(),
    )?;
    Ok(Arc::new(list))
}
