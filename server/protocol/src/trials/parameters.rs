//! Rows of parameters against the types that a statement wants.

use cohortql_protocol::parameters::{Parameter, cast};

use super::arrays::batch;
use super::input::Input;
use super::types::{DEPTH, data_type};

/// Casts any rows to any types: the result has the types wanted and as many rows, or is an error.
pub fn parameters(data: &[u8]) {
    let mut input = Input::new(data);
    let Some(batch) = batch(&mut input) else {
        return;
    };
    let wanted: Vec<Parameter> = (0..batch.num_columns())
        .map(|at| Parameter {
            name: format!("${}", at + 1),
            data_type: input.flag().then(|| data_type(&mut input, DEPTH)),
        })
        .collect();
    let Ok(cast) = cast(&batch, &wanted) else {
        return;
    };
    assert_eq!(cast.num_rows(), batch.num_rows());
    for (column, wanted) in cast.columns().iter().zip(&wanted) {
        if let Some(wanted) = &wanted.data_type {
            assert_eq!(column.data_type(), wanted);
        }
        let valid = column.to_data().validate_full();
        assert!(
            valid.is_ok(),
            "{valid:?}: {} as {}",
            batch.schema(),
            column.data_type()
        );
    }
    // What was cast fits again.
    assert_eq!(self::cast(&cast, &wanted).ok(), Some(cast));
}
