//! `itemset_splits(items)`: every way to make a rule of a set of items.
//!
//! Definition: all pairs of lists that are not empty, have no element in common, and are `items`
//! together: 2ᵏ − 2 of them for k items.
//!
//! - `items`: a LIST of any type. NULL gives NULL.
//!
//! Result: LIST of STRUCT(antecedent LIST, consequent LIST), elements in the order of `items`. The
//! antecedents count in binary, the first item being the lowest digit: [a], [b], [a, b], [c] …
//! Fewer than two items have no split. State: none. Cost: k elements for each split. Errors: another type, at planning; lists of more than 20 items, and
//! more splits in a batch than fit into memory with certainty, at execution.
//! Source: Agrawal & Srikant 1994.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::constants::Constants;
use crate::lists::result_lists;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::scalar::PerRow;
use crate::sql_types::sql_name;

const NAME: &str = "itemset_splits";

/// The most items of one list, which then has a million splits.
const MOST_ITEMS: usize = 20;

/// The most elements in the splits of one batch: some half a gigabyte.
const MOST_ELEMENTS: usize = 1 << 26;

/// The rules of a set.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "Every way to split a set of items into an antecedent and a consequent, neither empty. Returns a LIST of STRUCT(antecedent LIST, consequent LIST); NULL when `items` is NULL, and empty for fewer than two items. Lists of more than 20 items are an error. A step of `basket_rules`.",
    syntax_example = "itemset_splits(items)",
    sql_example = "```sql
SELECT s['antecedent'] AS antecedent, s['consequent'] AS consequent
FROM (SELECT unnest(itemset_splits(['beer', 'chips', 'dip'])) AS s);
+---------------+---------------+
| antecedent    | consequent    |
+---------------+---------------+
| [beer]        | [chips, dip]  |
| [chips]       | [beer, dip]   |
| [beer, chips] | [dip]         |
| [dip]         | [beer, chips] |
| [beer, dip]   | [chips]       |
| [chips, dip]  | [beer]        |
+---------------+---------------+
```",
    argument(name = "items", description = "A LIST of any type.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ItemsetSplits;

impl Described for ItemsetSplits {
    const PARAMETERS: &'static [Parameter] = &[Parameter::required("items", Kind::Value)];
}

fn split_fields(item: &DataType) -> Fields {
    let fields = ["antecedent", "consequent"]
        .map(|name| Field::new(name, DataType::new_list(item.clone(), true), true));
    Fields::from(fields.to_vec())
}

impl PerRow for ItemsetSplits {
    const NAME: &'static str = NAME;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        match fields[0].data_type() {
            DataType::List(item) => {
                let split = DataType::Struct(split_fields(item.data_type()));
                Ok(DataType::new_list(split, true))
            }
            other => plan_err!(
                "argument \"items\" of {NAME} must be a LIST, got {}",
                sql_name(other)
            ),
        }
    }

    fn evaluate(columns: &[ArrayRef], _rows: usize, _constants: &Constants) -> Result<ArrayRef> {
        splits(columns[0].as_list::<i32>())
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Places of elements in the values of the column that is split, list after list.
#[derive(Default)]
struct Side {
    elements: Vec<u32>,
    lengths: Vec<usize>,
}

impl Side {
    fn add(&mut self, elements: impl Iterator<Item = u32>) {
        let start = self.elements.len();
        self.elements.extend(elements);
        self.lengths.push(self.elements.len() - start);
    }

    fn column(self, values: &ArrayRef) -> Result<ArrayRef> {
        let elements = take(values, &UInt32Array::from(self.elements), None)?;
        result_lists(NAME, elements, self.lengths, None)
    }
}

fn splits(lists: &ListArray) -> Result<ArrayRef> {
    let (mut antecedents, mut consequents) = (Side::default(), Side::default());
    let mut lengths = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        let length = match lists.is_valid(row) {
            true => lists.value_length(row) as usize,
            false => 0,
        };
        if length > MOST_ITEMS {
            return exec_err!(
                "{NAME}: {length} items, of more than {MOST_ITEMS}, have too many splits"
            );
        }
        let most = (1usize << length).saturating_sub(2) * length;
        if antecedents.elements.len() + consequents.elements.len() + most > MOST_ELEMENTS {
            return exec_err!(
                "{NAME}: the splits of {} lists are too many at a time; make \
                 datafusion.execution.batch_size smaller",
                row + 1
            );
        }
        let first = lists.value_offsets()[row] as u32;
        let items = first..first + length as u32;
        // From one bit to all but one.
        let masks = 1..(1u32 << length).saturating_sub(1).max(1);
        lengths.push(masks.len());
        for mask in masks {
            let chosen = |item: &u32| mask >> (item - first) & 1 == 1;
            antecedents.add(items.clone().filter(chosen));
            consequents.add(items.clone().filter(|item| !chosen(item)));
        }
    }
    let fields = split_fields(&lists.value_type());
    let columns = vec![
        antecedents.column(lists.values())?,
        consequents.column(lists.values())?,
    ];
    let splits = StructArray::try_new(fields, columns, None)?;
    result_lists(NAME, Arc::new(splits), lengths, lists.nulls().cloned())
}
