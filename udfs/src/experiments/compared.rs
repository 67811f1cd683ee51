//! The result that all tests of two variants share.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::Result;

use super::variants::check_control;
use crate::math::comparison::Comparison;

/// What is known of a group: how many rows the control and the treatment have, and how they
/// compare. `None` when there are no rows.
pub(super) type Compared = Option<([i64; 2], Comparison)>;

/// What a call gives, after a check of the control's type. Its arguments are `columns` of values,
/// the variant, perhaps one more option, and the control.
///
/// # Errors
///
/// A planning error when the control cannot be a variant.
pub(super) fn compared_type(
    function: &str,
    variant: &FieldRef,
    control: Option<&FieldRef>,
) -> Result<DataType> {
    check_control(function, variant, control)?;
    Ok(DataType::Struct(fields()))
}

fn fields() -> Fields {
    let rows = ["n_a", "n_b"].map(|name| (name, DataType::Int64));
    let numbers = ["effect", "statistic", "p_value", "lower", "upper"];
    let numbers = numbers.map(|name| (name, DataType::Float64));
    let all = rows.into_iter().chain(numbers);
    all.map(|(name, data_type)| Field::new(name, data_type, true))
        .collect()
}

/// The results of groups as a column.
pub(super) fn compared_column(groups: &[Compared]) -> Result<ArrayRef> {
    let rows = |variant: usize| -> ArrayRef {
        let rows = groups.iter().map(|group| Some(group.as_ref()?.0[variant]));
        Arc::new(rows.collect::<Int64Array>())
    };
    let number = |of: fn(&Comparison) -> Option<f64>| -> ArrayRef {
        let numbers = groups.iter().map(|group| of(&group.as_ref()?.1));
        Arc::new(numbers.collect::<Float64Array>())
    };
    let columns = vec![
        rows(0),
        rows(1),
        number(|comparison| comparison.effect),
        number(|comparison| comparison.statistic),
        number(|comparison| comparison.p_value),
        number(|comparison| comparison.lower),
        number(|comparison| comparison.upper),
    ];
    let known: NullBuffer = groups.iter().map(Option::is_some).collect();
    Ok(Arc::new(StructArray::try_new(
        fields(),
        columns,
        Some(known),
    )?))
}
