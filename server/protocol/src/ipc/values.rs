//! Values that the reader lets through and that nothing else expects: decimals beyond their
//! precision.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
};

use super::invalid;
use crate::error::ProtocolError;

/// Checks the decimals of a column, at every depth.
pub(crate) fn inspect(column: &ArrayRef) -> Result<(), ProtocolError> {
    match column.data_type() {
        DataType::Decimal32(precision, _) => fits::<Decimal32Type>(column, *precision),
        DataType::Decimal64(precision, _) => fits::<Decimal64Type>(column, *precision),
        DataType::Decimal128(precision, _) => fits::<Decimal128Type>(column, *precision),
        DataType::Decimal256(precision, _) => fits::<Decimal256Type>(column, *precision),
        DataType::List(_) => inspect(column.as_list::<i32>().values()),
        DataType::LargeList(_) => inspect(column.as_list::<i64>().values()),
        DataType::ListView(_) => inspect(column.as_list_view::<i32>().values()),
        DataType::LargeListView(_) => inspect(column.as_list_view::<i64>().values()),
        DataType::FixedSizeList(_, _) => inspect(column.as_fixed_size_list().values()),
        DataType::Map(_, _) => {
            inspect(column.as_map().keys())?;
            inspect(column.as_map().values())
        }
        DataType::Struct(_) => column.as_struct().columns().iter().try_for_each(inspect),
        DataType::Union(fields, _) => {
            let union = column.as_union();
            fields
                .iter()
                .try_for_each(|(id, _)| inspect(union.child(id)))
        }
        DataType::Dictionary(_, _) => inspect(column.as_any_dictionary().values()),
        DataType::RunEndEncoded(_, _) => match column.to_data().child_data() {
            [_, values] => inspect(&arrow::array::make_array(values.clone())),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn fits<T: DecimalType>(column: &ArrayRef, precision: u8) -> Result<(), ProtocolError> {
    let decimals: &PrimitiveArray<T> = column.as_primitive();
    decimals
        .validate_decimal_precision(precision)
        .map_err(|_| invalid(format!("a decimal has more than {precision} digits")))
}
