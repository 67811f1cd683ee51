//! Functions of a list a row and a list that is the same for all rows: a basket's items, say, and
//! the frequent ones.
//!
//! The second comes from a subquery as a rule, so it is no constant when a query is planned.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};

use crate::arguments;
use crate::parameter::Parameter;
use crate::registry::Described;
use crate::sql_types::sql_name;

/// What such a function alone knows.
pub(super) trait OverFrequent:
    Described + Debug + Eq + Hash + Send + Sync + 'static
{
    /// The name by which it is called.
    const NAME: &'static str;

    /// The type of the elements of the result, by those of the two lists; `None` for elements
    /// that do not fit.
    fn element(own: &DataType, common: &DataType) -> Option<DataType>;

    /// What the two lists must be, for messages.
    const EXPECTED: &'static str;

    /// The result for every row.
    fn evaluate(lists: &ListArray, common: &ArrayRef) -> Result<ArrayRef>;

    /// Its documentation.
    fn documentation(&self) -> Option<&Documentation>;
}

/// Such a function as DataFusion takes it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FrequentFunction<F> {
    function: F,
    signature: Signature,
}

impl<F: OverFrequent> FrequentFunction<F> {
    pub(super) fn new(function: F) -> Self {
        Self {
            function,
            signature: arguments::signature(F::PARAMETERS),
        }
    }
}

impl<F: OverFrequent> Described for FrequentFunction<F> {
    const PARAMETERS: &'static [Parameter] = F::PARAMETERS;
}

impl<F: OverFrequent> ScalarUDFImpl for FrequentFunction<F> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        plan_err!(
            "{} knows its result by the fields of its arguments",
            F::NAME
        )
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        arguments::check_types(F::NAME, F::PARAMETERS, args.arg_fields)?;
        let types = [0, 1].map(|index| args.arg_fields[index].data_type());
        let element = match types {
            [DataType::List(own), DataType::List(common)] => {
                F::element(own.data_type(), common.data_type())
            }
            _ => None,
        };
        match element {
            Some(element) => Ok(Arc::new(Field::new(
                F::NAME,
                DataType::new_list(element, true),
                true,
            ))),
            None => plan_err!(
                "arguments \"{}\" and \"{}\" of {} must be {}, got {} and {}",
                F::PARAMETERS[0].name,
                F::PARAMETERS[1].name,
                F::NAME,
                F::EXPECTED,
                sql_name(types[0]),
                sql_name(types[1])
            ),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, common] = args.args.as_slice() else {
            return exec_err!("{} takes 2 arguments, got {}", F::NAME, args.args.len());
        };
        let ColumnarValue::Scalar(ScalarValue::List(common)) = common else {
            return exec_err!(
                "argument \"{}\" of {} must be the same for all rows",
                F::PARAMETERS[1].name,
                F::NAME
            );
        };
        let lists = lists.to_array(args.number_rows)?;
        // A NULL list may hold anything where its elements would be.
        let common = match common.is_null(0) {
            true => common.values().slice(0, 0),
            false => common.value(0),
        };
        let result = F::evaluate(lists.as_list::<i32>(), &common)?;
        Ok(ColumnarValue::Array(result))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}

/// The place of each item among the frequent ones, which ascend, from 1; 0 for the others.
pub(super) fn places(items: &ArrayRef, frequent: &ArrayRef) -> Result<Vec<u32>> {
    let place =
        |found: std::result::Result<usize, usize>| found.map_or(0, |index| index as u32 + 1);
    if let (Some(items), Some(frequent)) = (
        items.as_primitive_opt::<Int64Type>(),
        frequent.as_primitive_opt::<Int64Type>(),
    ) && items.null_count() + frequent.null_count() == 0
    {
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

/// Calls `each` with the places of every row, those of items that are not frequent left out;
/// none for a NULL. `places` has one for each element of all rows.
pub(super) fn for_each_basket(
    items: &ListArray,
    places: &[u32],
    mut each: impl FnMut(usize, &[u32]) -> Result<()>,
) -> Result<()> {
    let first = items.value_offsets()[0];
    let mut kept = Vec::new();
    for row in 0..items.len() {
        kept.clear();
        if items.is_valid(row) {
            let [from, to] = [0, 1].map(|end| (items.value_offsets()[row + end] - first) as usize);
            kept.extend(places[from..to].iter().filter(|&&place| place > 0));
        }
        each(row, &kept)?;
    }
    Ok(())
}
