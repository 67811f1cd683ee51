//! Sums of money by index, of any number of groups or customers at once, that keep
//! the type of their amounts.
//!
//! | amount | sum | held as |
//! |---|---|---|
//! | integers | BIGINT | 16 bytes |
//! | DECIMAL(p, s), unsigned 64-bit integers as DECIMAL(20, 0) | DECIMAL(p + 10, s), of 38 or 76 digits at most, as SUM has it | 16 or 32 bytes |
//! | REAL, DOUBLE | DOUBLE | 16 bytes, see [`ExactSums`] |
//!
//! All are exact until the end, so that order and merges do not matter. A sum
//! that does not fit its type is an execution error. NULLs are passed over.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, Decimal256Array, Float64Array,
    Float64Builder, Int64Array, ListBuilder, PrimitiveArray,
};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, DecimalType, Field, Float64Type, Int64Type, i256,
};
use datafusion::common::{exec_datafusion_err, internal_err};
use datafusion::error::{DataFusionError, Result};

use crate::math::exact_sum::ExactSums;
use crate::sql_types::sql_name;

/// The sums of one column of amounts.
#[derive(Debug)]
pub(crate) struct MoneySums {
    function: &'static str,
    sum_type: DataType,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Narrow(Vec<i128>),
    Wide(Vec<i256>),
    Float(ExactSums),
}

/// The type that amounts of the given type are brought to before they are summed;
/// what is no number stays as it is.
pub fn amount_type(amount: &DataType) -> DataType {
    match amount {
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        integer if integer.is_integer() => DataType::Int64,
        other => other.clone(),
    }
}

/// The type of a sum of amounts of an [`amount_type`].
pub fn sum_type(amount: &DataType) -> DataType {
    match amount {
        DataType::Decimal128(precision, scale) => {
            DataType::Decimal128((precision + 10).min(Decimal128Type::MAX_PRECISION), *scale)
        }
        DataType::Decimal256(precision, scale) => {
            DataType::Decimal256((precision + 10).min(Decimal256Type::MAX_PRECISION), *scale)
        }
        other => other.clone(),
    }
}

/// The type that carries sums of the given type from one phase to the next.
pub(crate) fn carried_type(sum_type: &DataType) -> DataType {
    match sum_type {
        DataType::Decimal128(_, scale) => {
            DataType::Decimal128(Decimal128Type::MAX_PRECISION, *scale)
        }
        DataType::Decimal256(_, scale) => {
            DataType::Decimal256(Decimal256Type::MAX_PRECISION, *scale)
        }
        DataType::Float64 => DataType::List(part_field()),
        _ => DataType::Decimal128(Decimal128Type::MAX_PRECISION, 0),
    }
}

fn part_field() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Float64, false))
}

impl MoneySums {
    /// Sums of [`sum_type`] for `function`, which errors name.
    pub(crate) fn try_new(function: &'static str, sum_type: &DataType) -> Result<Self> {
        let values = match sum_type {
            DataType::Int64 | DataType::Decimal128(..) => Values::Narrow(Vec::new()),
            DataType::Decimal256(..) => Values::Wide(Vec::new()),
            DataType::Float64 => Values::Float(ExactSums::default()),
            other => return internal_err!("no sums of type {other}"),
        };
        Ok(Self {
            function,
            sum_type: sum_type.clone(),
            values,
        })
    }

    /// Makes room for `n` sums; new ones are 0.
    pub(crate) fn resize(&mut self, n: usize) {
        match &mut self.values {
            Values::Narrow(sums) => sums.resize(n, 0),
            Values::Wide(sums) => sums.resize(n, i256::ZERO),
            Values::Float(sums) => sums.resize(n),
        }
    }

    /// Adds each amount, of [`amount_type`], to the sum at its index.
    pub(crate) fn add(&mut self, indices: &[usize], amounts: &ArrayRef) -> Result<()> {
        let fitted = match (&mut self.values, amounts.data_type()) {
            (Values::Narrow(sums), DataType::Int64) => {
                let amounts = amounts.as_primitive::<Int64Type>();
                add_all(indices, amounts, |index, amount| {
                    sums[index] = sums[index].checked_add(amount.into())?;
                    Some(())
                })
            }
            (Values::Narrow(sums), DataType::Decimal128(..)) => {
                let amounts = amounts.as_primitive::<Decimal128Type>();
                add_all(indices, amounts, |index, amount| {
                    sums[index] = sums[index].checked_add(amount)?;
                    Some(())
                })
            }
            (Values::Wide(sums), DataType::Decimal256(..)) => {
                let amounts = amounts.as_primitive::<Decimal256Type>();
                add_all(indices, amounts, |index, amount| {
                    sums[index] = sums[index].checked_add(amount)?;
                    Some(())
                })
            }
            (Values::Float(sums), DataType::Float64) => {
                let amounts = amounts.as_primitive::<Float64Type>();
                add_all(indices, amounts, |index, amount| {
                    sums.add(index, amount);
                    Some(())
                })
            }
            (_, other) => {
                return internal_err!("amounts of type {other} in sums of {}", self.sum_type);
            }
        };
        fitted.ok_or_else(|| self.too_large())
    }

    /// Adds each carried sum, of [`carried_type`], to the sum at its index.
    pub(crate) fn merge(&mut self, indices: &[usize], carried: &ArrayRef) -> Result<()> {
        let Values::Float(sums) = &mut self.values else {
            return self.add(indices, carried);
        };
        let carried = carried.as_list::<i32>();
        for (index, parts) in indices.iter().zip(carried.iter()) {
            if let Some(parts) = parts {
                let parts = parts.as_primitive::<Float64Type>().values();
                parts.iter().for_each(|part| sums.add(*index, *part));
            }
        }
        Ok(())
    }

    /// The sums at the given indices, to be carried to another phase.
    pub(crate) fn carry(&self, indices: &[u32]) -> ArrayRef {
        let carried_type = carried_type(&self.sum_type);
        let at = |index: &u32| *index as usize;
        match &self.values {
            Values::Narrow(sums) => Arc::new(
                Decimal128Array::from_iter_values(indices.iter().map(|i| sums[at(i)]))
                    .with_data_type(carried_type),
            ),
            Values::Wide(sums) => Arc::new(
                Decimal256Array::from_iter_values(indices.iter().map(|i| sums[at(i)]))
                    .with_data_type(carried_type),
            ),
            Values::Float(sums) => {
                let mut lists = ListBuilder::new(Float64Builder::new()).with_field(part_field());
                for index in indices {
                    for part in sums.parts(at(index)) {
                        lists.values().append_value(part);
                    }
                    lists.append(true);
                }
                Arc::new(lists.finish())
            }
        }
    }

    /// The sums at the given indices, in their own type.
    pub(crate) fn finish(&self, indices: &[u32]) -> Result<ArrayRef> {
        let at = |index: &u32| *index as usize;
        let sum_type = self.sum_type.clone();
        let finished: Option<ArrayRef> = match (&self.values, &self.sum_type) {
            (Values::Narrow(sums), DataType::Decimal128(precision, _)) => {
                let sums = indices.iter().map(|i| sums[at(i)]);
                fitting::<Decimal128Type>(sums, *precision)
                    .map(|sums| Arc::new(sums.with_data_type(sum_type)) as _)
            }
            (Values::Narrow(sums), _) => {
                let sums = indices.iter().map(|i| i64::try_from(sums[at(i)]).ok());
                let sums: Option<Vec<i64>> = sums.collect();
                sums.map(|sums| Arc::new(Int64Array::from(sums)) as _)
            }
            (Values::Wide(sums), DataType::Decimal256(precision, _)) => {
                let sums = indices.iter().map(|i| sums[at(i)]);
                fitting::<Decimal256Type>(sums, *precision)
                    .map(|sums| Arc::new(sums.with_data_type(sum_type)) as _)
            }
            (Values::Wide(_), other) => return internal_err!("no wide sums of type {other}"),
            (Values::Float(sums), _) => {
                let sums = indices.iter().map(|i| sums.value(at(i)));
                Some(Arc::new(Float64Array::from_iter_values(sums)))
            }
        };
        finished.ok_or_else(|| self.too_large())
    }

    /// Makes the sums at the given indices 0 again.
    pub(crate) fn reset(&mut self, indices: &[usize]) {
        match &mut self.values {
            Values::Narrow(sums) => indices.iter().for_each(|i| sums[*i] = 0),
            Values::Wide(sums) => indices.iter().for_each(|i| sums[*i] = i256::ZERO),
            Values::Float(sums) => indices.iter().for_each(|i| sums.reset(*i)),
        }
    }

    /// Keeps the sums at the given indices, in that order.
    pub(crate) fn keep(&mut self, indices: &[u32]) {
        match &mut self.values {
            Values::Narrow(sums) => *sums = indices.iter().map(|i| sums[*i as usize]).collect(),
            Values::Wide(sums) => *sums = indices.iter().map(|i| sums[*i as usize]).collect(),
            Values::Float(sums) => sums.keep(indices),
        }
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        match &self.values {
            Values::Narrow(sums) => sums.capacity() * size_of::<i128>(),
            Values::Wide(sums) => sums.capacity() * size_of::<i256>(),
            Values::Float(sums) => sums.size(),
        }
    }

    fn too_large(&self) -> DataFusionError {
        let remedy = match &self.sum_type {
            DataType::Int64 => "cast the amounts to DECIMAL(38,0)".to_owned(),
            DataType::Decimal128(_, scale) => format!("cast the amounts to DECIMAL(76,{scale})"),
            _ => "sum smaller ones".to_owned(),
        };
        exec_datafusion_err!(
            "{}: a sum of amounts does not fit {}: {remedy}",
            self.function,
            sql_name(&self.sum_type)
        )
    }
}

fn add_all<T: ArrowPrimitiveType>(
    indices: &[usize],
    amounts: &PrimitiveArray<T>,
    mut add: impl FnMut(usize, T::Native) -> Option<()>,
) -> Option<()> {
    if amounts.null_count() == 0 {
        let rows = indices.iter().zip(amounts.values());
        return rows
            .into_iter()
            .try_for_each(|(index, amount)| add(*index, *amount));
    }
    let rows = indices.iter().zip(amounts);
    rows.into_iter()
        .try_for_each(|(index, amount)| amount.map_or(Some(()), |amount| add(*index, amount)))
}

fn fitting<T: DecimalType>(
    sums: impl Iterator<Item = T::Native>,
    precision: u8,
) -> Option<PrimitiveArray<T>> {
    let fit = |sum| T::is_valid_decimal_precision(sum, precision).then_some(sum);
    let sums: Option<Vec<T::Native>> = sums.map(fit).collect();
    sums.map(PrimitiveArray::from_iter_values)
}
