//! Seeds: the rows of a CSV file, with the columns and types of the `.yml` beside it.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{Field, Fields, Schema, SchemaRef};

use super::model::Model;
use super::types;
use crate::EngineError;

/// The columns of a seed.
///
/// # Errors
/// When one has no type, or one that is not known.
pub(super) fn columns(model: &Model) -> Result<SchemaRef, EngineError> {
    let fields = model.properties.columns.iter().map(|column| {
        let given = column.type_name.as_deref().unwrap_or_default();
        let data_type = types::data_type(given).ok_or_else(|| EngineError::Config {
            message: format!(
                "{}: column {:?} must have a type, {}, got {given:?}",
                model.label,
                column.name,
                types::EXPECTED
            ),
        })?;
        Ok(Field::new(&column.name, data_type, true))
    });
    let fields = fields.collect::<Result<Fields, EngineError>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// The rows of a seed with these columns.
///
/// # Errors
/// When the header has other columns, or a value is none of its column's type.
pub(super) fn rows(
    model: &Model,
    columns: &SchemaRef,
    text: &str,
) -> Result<Vec<RecordBatch>, EngineError> {
    let header: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let header: Vec<&str> = header
        .iter()
        .map(|name| name.trim().trim_matches('"'))
        .collect();
    let declared: Vec<&str> = columns.fields().iter().map(|f| f.name().as_str()).collect();
    if header != declared {
        return Err(EngineError::Config {
            message: format!(
                "{}: expected the columns {}, got {}",
                model.label,
                declared.join(", "),
                header.join(", ")
            ),
        });
    }
    let wrong = |error: arrow::error::ArrowError| EngineError::Execution {
        message: format!("{}: {error}", model.label),
    };
    let reader = ReaderBuilder::new(Arc::clone(columns))
        .with_header(true)
        .build(Cursor::new(text))
        .map_err(wrong)?;
    reader.map(|batch| batch.map_err(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use arrow::datatypes::DataType;

    use super::*;
    use crate::models::files::ModelFile;

    const TYPES: &str = "columns:\n  - {name: bin, type: bigint}\n  - {name: label, type: text}\n  \
                         - {name: least, type: 'decimal(18,2)'}\n";

    fn seed(types: &str, rows: &str) -> Result<(Model, String), EngineError> {
        let file = |path: &str, text: &str| ModelFile {
            path: path.to_owned(),
            text: Cow::Owned(text.to_owned()),
            shipped: false,
        };
        let types = file("seeds/bins.yml", types);
        let model = Model::of_rows(&file("seeds/bins.csv", rows), Some(&types))?;
        Ok((model, rows.to_owned()))
    }

    #[test]
    fn rows_have_the_types_declared() {
        let (model, text) = seed(TYPES, "bin,label,least\n1,\"a, b\",\n2,,0.50\n").unwrap();
        let batches = rows(&model, &columns(&model).unwrap(), &text).unwrap();
        let [batch] = batches.as_slice() else {
            panic!("{batches:?}");
        };
        assert_eq!(batch.num_rows(), 2);
        assert_eq!(
            *batch.schema().field(2).data_type(),
            DataType::Decimal128(18, 2)
        );
        assert!(batch.column(2).is_null(0) && batch.column(1).is_null(1));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (types, text, expected) in [
            (
                TYPES,
                "bin,least\n",
                "expected the columns bin, label, least, got bin, least",
            ),
            (TYPES, "bin,label,least\nx,a,1\n", "sql/seeds/bins.csv: "),
            (
                "columns:\n  - {name: bin}\n",
                "bin\n",
                "column \"bin\" must have a type",
            ),
        ] {
            let (model, text) = seed(types, text).unwrap();
            let read = columns(&model).and_then(|columns| rows(&model, &columns, &text));
            let error = read.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = seed("keys: []\n", "bin\n").unwrap_err().to_string();
        assert!(
            error.starts_with("sql/seeds/bins.yml:1:1: ") && error.contains("keys"),
            "{error}"
        );
    }
}
