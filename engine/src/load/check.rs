//! Looking at each row: what fits goes on in the table's types, what does not is told with its reasons.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, StringArray,
    new_null_array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::array_value_to_string;
use cohortql_udfs::sql_name;

use super::came::Came;
use super::columns::Column;
use super::fit::fit;
use super::source::Nulls;
use crate::EngineError;

/// What is wrong where there is no value.
const NULL: &str = "is NULL";

/// Why a row does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) column: Option<String>,
    pub(super) value: Option<String>,
    /// The type that was expected.
    pub(super) expected: Option<String>,
    pub(super) problem: String,
}

impl Reason {
    /// A reason that is about the whole row.
    pub(super) fn of_row(problem: String) -> Self {
        Self {
            column: None,
            value: None,
            expected: None,
            problem,
        }
    }
}

/// A row that does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) origin: Arc<str>,
    pub(super) number: u64,
    /// As it stood in the source, as JSON.
    pub(super) raw: String,
    pub(super) reasons: Vec<Reason>,
}

/// Rows that were looked at.
#[derive(Debug)]
pub(super) struct Checked {
    /// Those that fit, with the columns that came.
    pub(super) fitting: RecordBatch,
    /// The places of these among the rows that came.
    pub(super) places: Vec<usize>,
    pub(super) misfits: Vec<Misfit>,
    /// The keys of rows that do not fit, where these do.
    pub(super) keys: RecordBatch,
    /// Whether a row came whose key cannot be told.
    pub(super) has_unknown_key: bool,
    pub(super) came: Came,
}

/// What rows are looked at by.
#[derive(Debug)]
pub(super) struct Checker {
    columns: Vec<Column>,
    schema: SchemaRef,
    /// The places of the key's columns.
    key: Vec<usize>,
    nulls: Nulls,
}

impl Checker {
    pub(super) fn new(columns: Vec<Column>, key: &[String], nulls: Nulls) -> Self {
        let fields = columns.iter().map(|column| {
            // What must not be NULL is looked at here, row by row.
            column.field.clone().with_nullable(true)
        });
        let place = |name: &String| {
            let mut names = columns.iter();
            names.position(|column| column.field.name() == name)
        };
        Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<Field>>())),
            key: key.iter().filter_map(place).collect(),
            columns,
            nulls,
        }
    }

    /// The columns of rows that fit.
    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Looks at rows.
    pub(super) fn check(&self, came: Came) -> Result<Checked, EngineError> {
        let rows = came.columns.num_rows();
        let mut reasons: BTreeMap<usize, Vec<Reason>> = BTreeMap::new();
        let mut values = Vec::with_capacity(self.columns.len());
        let mut unreadable = vec![false; rows];
        for (place, column) in self.columns.iter().enumerate() {
            let (cast, problems) = self.column(column, &came)?;
            for (row, reason) in problems {
                // A key that is NULL is no row's of the table.
                let is_null = reason.problem == NULL;
                unreadable[row] |= self.key.contains(&place) && !is_null;
                reasons.entry(row).or_default().push(reason);
            }
            values.push(cast);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let all = RecordBatch::try_new_with_options(self.schema(), values, &options)?;
        let fits = |row: &usize| !reasons.contains_key(row);
        let mask: BooleanArray = (0..rows).map(|row| Some(fits(&row))).collect();
        let keys = {
            let known: BooleanArray = (0..rows)
                .map(|row| Some(!fits(&row) && !unreadable[row]))
                .collect();
            filter_record_batch(&all.project(&self.key)?, &known)?
        };
        let bad: Vec<usize> = reasons.keys().copied().collect();
        let raw = came.raw(&bad)?;
        let mut misfits: Vec<Misfit> = reasons
            .into_iter()
            .zip(raw)
            .map(|((row, reasons), raw)| Misfit {
                origin: Arc::clone(&came.origin),
                number: came.numbers[row],
                raw,
                reasons,
            })
            .collect();
        misfits.extend(came.broken.iter().map(|broken| Misfit {
            origin: Arc::clone(&came.origin),
            number: broken.number,
            raw: broken.raw.clone(),
            reasons: vec![Reason::of_row(broken.problem.clone())],
        }));
        misfits.sort_by_key(|misfit| misfit.number);
        Ok(Checked {
            fitting: filter_record_batch(&all, &mask)?,
            places: (0..rows).filter(|row| mask.value(*row)).collect(),
            misfits,
            keys,
            has_unknown_key: !came.broken.is_empty() || unreadable.contains(&true),
            came,
        })
    }

    /// The values of one column, and what is wrong with some.
    fn column(
        &self,
        column: &Column,
        came: &Came,
    ) -> Result<(ArrayRef, Vec<(usize, Reason)>), EngineError> {
        let field = &column.field;
        let rows = came.columns.num_rows();
        let Some(raw) = came.columns.column_by_name(&column.source) else {
            let mut problems = Vec::new();
            if column.is_required {
                problems.extend((0..rows).map(|row| (row, missing(field))));
            }
            return Ok((new_null_array(field.data_type(), rows), problems));
        };
        let values = match (&self.nulls, raw.data_type()) {
            (Nulls::None, _) => Arc::clone(raw),
            (nulls, DataType::Utf8) => {
                let texts = raw.as_string::<i32>().iter();
                let texts = texts.map(|text| text.filter(|text| !nulls.has(text)));
                Arc::new(texts.collect::<StringArray>()) as ArrayRef
            }
            _ => Arc::clone(raw),
        };
        let (cast, misfits) = fit(&values, field)?;
        let mut problems = Vec::new();
        if column.is_required {
            let nulls = (0..rows).filter(|row| values.is_null(*row));
            problems.extend(nulls.map(|row| (row, null(field))));
        }
        for row in misfits {
            let value = array_value_to_string(&values, row)?;
            let expected = sql_name(field.data_type());
            let reason = Reason {
                column: Some(field.name().clone()),
                problem: format!("is no {expected}"),
                value: Some(value),
                expected: Some(expected),
            };
            problems.push((row, reason));
        }
        Ok((cast, problems))
    }
}

fn missing(field: &Field) -> Reason {
    Reason {
        problem: "is missing".to_owned(),
        ..null(field)
    }
}

fn null(field: &Field) -> Reason {
    Reason {
        column: Some(field.name().clone()),
        value: None,
        expected: Some(sql_name(field.data_type())),
        problem: NULL.to_owned(),
    }
}
