//! What the tiles of a call are called: numbers or labels.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray, UInt32Array};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;

use super::NAME;
use crate::constants::Constants;
use crate::segments::ranking::{Cut, ties_of_call, tile_count};
use crate::sql_types::{is_text, sql_name};

const ARGUMENT: &str = "tiles_or_labels";
const EXPECTED: &str = "a whole number from 2 to 9 or an array of 2 to 9 labels";

/// The segments of a call.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    pub(super) cut: Cut,
    /// One a tile, the first for the smallest values; None for the tile's number.
    labels: Option<StringArray>,
}

/// The type of a segment, given that of `tiles_or_labels`: INT of a number, VARCHAR of
/// labels.
///
/// # Errors
///
/// A planning error when it is neither.
pub(super) fn segment_type(tiles_or_labels: &FieldRef) -> Result<DataType> {
    match tiles_or_labels.data_type() {
        number if number.is_integer() => Ok(DataType::Int32),
        list if labels_of(list).is_some_and(is_text) => Ok(DataType::Utf8),
        other => plan_err!(
            "argument \"{ARGUMENT}\" of {NAME} must be {EXPECTED}, got {}",
            sql_name(other)
        ),
    }
}

fn labels_of(list: &DataType) -> Option<&DataType> {
    match list {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => Some(field.data_type()),
        _ => None,
    }
}

impl Segments {
    /// What the constants of a call say.
    ///
    /// # Errors
    ///
    /// A planning error when they are out of range.
    pub(super) fn of_call(constants: &Constants) -> Result<Self> {
        let wrong = || constants.out_of_range(ARGUMENT, EXPECTED);
        let given = constants.value(ARGUMENT).ok_or_else(wrong)?;
        let (count, labels) = match labels_of(&given.data_type()) {
            None => (constants.integer(ARGUMENT).map_err(|_| wrong())?, None),
            Some(_) => {
                let labels = labels(given)?;
                let known = labels.null_count() == 0;
                let count = i64::try_from(labels.len()).ok().filter(|_| known);
                (count, Some(labels))
            }
        };
        Ok(Self {
            cut: Cut {
                tiles: count.and_then(tile_count).ok_or_else(wrong)?,
                ties: ties_of_call(constants)?,
            },
            labels,
        })
    }

    /// The type of a segment.
    pub(super) fn data_type(&self) -> DataType {
        match self.labels {
            None => DataType::Int32,
            Some(_) => DataType::Utf8,
        }
    }

    /// The segments of tiles.
    pub(super) fn of_tiles(&self, tiles: Int32Array) -> Result<ArrayRef> {
        let Some(labels) = &self.labels else {
            return Ok(Arc::new(tiles));
        };
        let positions: UInt32Array = tiles
            .iter()
            .map(|tile| tile.and_then(|tile| u32::try_from(tile - 1).ok()))
            .collect();
        Ok(take(labels, &positions, None)?)
    }
}

/// The labels of a constant list.
fn labels(list: &ScalarValue) -> Result<StringArray> {
    let plain = DataType::new_list(DataType::Utf8, true);
    let list = cast(&list.to_array()?, &plain)?;
    let labels = list.as_list::<i32>().value(0);
    Ok(labels.as_string::<i32>().clone())
}
