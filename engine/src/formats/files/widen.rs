//! One schema for files that were looked at one by one.

use arrow::datatypes::{DataType, Field, Schema};

/// The type that holds the values of two, or `None` when only text would.
pub(crate) fn common(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date32, Float64, Int64, Null, Timestamp};
    Some(match (a, b) {
        _ if a == b => a.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (Int64, Float64) | (Float64, Int64) => Float64,
        (Date32, Timestamp(..)) => b.clone(),
        (Timestamp(..), Date32) => a.clone(),
        (Timestamp(x, None), Timestamp(y, None)) => Timestamp(*x.max(y), None),
        _ => return None,
    })
}

/// The columns of several files by name; one that a file lacks is NULL there.
///
/// # Errors
/// The column whose types have nothing in common, and the types.
pub(crate) fn by_name(
    schemas: impl IntoIterator<Item = Schema>,
) -> Result<Schema, (String, DataType, DataType)> {
    let mut schemas = schemas.into_iter();
    let first = schemas.next().unwrap_or_else(Schema::empty);
    let metadata = first.metadata().clone();
    let mut fields: Vec<Field> = first.fields().iter().map(|f| f.as_ref().clone()).collect();
    for schema in schemas {
        for field in schema.fields() {
            let Some(known) = fields.iter_mut().find(|f| f.name() == field.name()) else {
                fields.push(field.as_ref().clone().with_nullable(true));
                continue;
            };
            if let Some(ty) = common(known.data_type(), field.data_type()) {
                known.set_data_type(ty);
            } else if known.try_merge(field).is_err() {
                // Nested types grow by Arrow's own rules; what is left does not fit.
                let (ours, theirs) = (known.data_type().clone(), field.data_type().clone());
                return Err((field.name().clone(), ours, theirs));
            }
            known.set_nullable(known.is_nullable() || field.is_nullable());
        }
    }
    Ok(Schema::new_with_metadata(fields, metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        let field = |(name, ty): &(&str, DataType)| Field::new(*name, ty.clone(), true);
        Schema::new(columns.iter().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn types_widen_to_hold_both() {
        assert_eq!(
            common(&DataType::Int64, &DataType::Float64),
            Some(DataType::Float64)
        );
        assert_eq!(
            common(&DataType::Null, &DataType::Date32),
            Some(DataType::Date32)
        );
        assert_eq!(common(&DataType::Boolean, &DataType::Int64), None);
    }

    #[test]
    fn columns_are_matched_by_name() {
        let a = schema(&[("x", DataType::Int64), ("y", DataType::Utf8)]);
        let b = schema(&[("z", DataType::Utf8), ("x", DataType::Float64)]);
        let merged = by_name([a.clone(), b]).unwrap();
        let names: Vec<_> = merged.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["x", "y", "z"]);
        assert_eq!(merged.field(0).data_type(), &DataType::Float64);
        let (name, ..) = by_name([a, schema(&[("x", DataType::Boolean)])]).unwrap_err();
        assert_eq!(name, "x");
    }
}
