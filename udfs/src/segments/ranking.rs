//! Columns as integers that order the same way, ready to be cut into tiles.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int32Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{cast, filter};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float64Type, Int64Type, i256,
};
use datafusion::error::Result;

use crate::constants::Constants;
use crate::math::tiles::{Ties, ordered, tiles};

/// Which end of a column is the worst, tile 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worst {
    /// Tile 1 has the smallest values.
    Smallest,
    /// Tile 1 has the largest values.
    Largest,
}

/// How tiles are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// How many tiles there are.
    pub(super) tiles: u8,
    /// What becomes of equal values.
    pub(super) ties: Ties,
}

impl Cut {
    /// The number of tiles when a call gives none.
    const DEFAULT: u8 = 5;

    /// What the constants `tiles` and `ties` of a call say.
    ///
    /// # Errors
    ///
    /// A planning error when they say something else.
    pub(super) fn of_call(constants: &Constants) -> Result<Self> {
        let tiles = match constants.integer("tiles")? {
            None => Self::DEFAULT,
            Some(tiles) => tile_count(tiles)
                .ok_or_else(|| constants.out_of_range("tiles", "a whole number from 2 to 9"))?,
        };
        Ok(Self {
            tiles,
            ties: ties_of_call(constants)?,
        })
    }
}

/// A number of tiles that has one digit, so that scores of three tiles have three.
pub(super) fn tile_count(given: i64) -> Option<u8> {
    u8::try_from(given)
        .ok()
        .filter(|tiles| (2..=9).contains(tiles))
}

/// What the constant `ties` of a call says.
///
/// # Errors
///
/// A planning error when it says something else.
pub(super) fn ties_of_call(constants: &Constants) -> Result<Ties> {
    let words = [("together", Ties::Together), ("split", Ties::Split)];
    Ok(constants.word("ties", &words)?.unwrap_or(Ties::Together))
}

/// Refuses 'split' in a window without ORDER BY.
///
/// # Errors
///
/// A planning error that says so.
pub(super) fn ties_without_order(constants: &Constants) -> Result<()> {
    match ties_of_call(constants)? {
        Ties::Together => Ok(()),
        Ties::Split => Err(constants.out_of_range(
            "ties",
            "'together' where the window has no ORDER BY, in whose order equal values are split",
        )),
    }
}

/// A column without NULLs, as integers in the order of its values.
pub(super) enum Ranked {
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
    Widest(Vec<i256>),
}

/// Whether a column of the type can be ranked: numbers, dates and timestamps.
pub(super) fn can_rank(data_type: &DataType) -> bool {
    match data_type {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Duration(_) => {
            true
        }
        other => other.is_numeric(),
    }
}

impl Ranked {
    /// The ranks of a column that [`can_rank`] and has no NULL.
    pub(super) fn try_new(column: &ArrayRef) -> Result<Self> {
        Ok(match column.data_type() {
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                let column = cast(column, &DataType::Float64)?;
                let values = column.as_primitive::<Float64Type>().values();
                Self::Narrow(values.iter().copied().map(ordered).collect())
            }
            DataType::UInt64 => {
                let column = cast(column, &DataType::Decimal128(20, 0))?;
                Self::Wide(values::<Decimal128Type>(&column))
            }
            DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
                let column = cast(column, &DataType::Decimal128(*precision, *scale))?;
                Self::Wide(values::<Decimal128Type>(&column))
            }
            DataType::Decimal128(..) => Self::Wide(values::<Decimal128Type>(column)),
            DataType::Decimal256(..) => Self::Widest(values::<Decimal256Type>(column)),
            _ => Self::Narrow(values::<Int64Type>(&cast(column, &DataType::Int64)?)),
        })
    }

    /// The tiles of the values in a range, among each other.
    pub(super) fn tiles(&self, range: Range<usize>, worst: Worst, cut: Cut) -> Vec<u8> {
        match self {
            Self::Narrow(keys) => directed(&keys[range], worst, cut),
            Self::Wide(keys) => directed(&keys[range], worst, cut),
            Self::Widest(keys) => directed(&keys[range], worst, cut),
        }
    }
}

/// The tiles of a whole column, of a type that [`can_rank`]. A NULL has no tile
/// and does not count among the others.
pub(super) fn column_tiles(column: &ArrayRef, worst: Worst, cut: Cut) -> Result<Int32Array> {
    let known = without_nulls(column)?;
    let tiles = Ranked::try_new(&known)?.tiles(0..known.len(), worst, cut);
    Ok(expand(tiles, column.nulls()))
}

/// The values that are not NULL.
pub(super) fn without_nulls(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.nulls() {
        None => Arc::clone(column),
        Some(nulls) => filter(column, &BooleanArray::new(nulls.inner().clone(), None))?,
    })
}

/// The tiles of a column [`without_nulls`], back among its NULLs.
pub(super) fn expand(tiles: Vec<u8>, nulls: Option<&NullBuffer>) -> Int32Array {
    let mut tiles = tiles.into_iter().map(i32::from);
    match nulls {
        None => tiles.map(Some).collect(),
        Some(nulls) => nulls
            .iter()
            .map(|known| if known { tiles.next() } else { None })
            .collect(),
    }
}

fn directed<K: Ord + Copy>(keys: &[K], worst: Worst, cut: Cut) -> Vec<u8> {
    match worst {
        Worst::Smallest => tiles(keys, cut.tiles, cut.ties),
        Worst::Largest => {
            let turned: Vec<Reverse<K>> = keys.iter().copied().map(Reverse).collect();
            tiles(&turned, cut.tiles, cut.ties)
        }
    }
}

fn values<T: ArrowPrimitiveType>(column: &ArrayRef) -> Vec<T::Native> {
    column.as_primitive::<T>().values().to_vec()
}
