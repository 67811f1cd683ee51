//! One value as text for people.

use arrow::array::{Array, AsArray, Float32Array, Float64Array};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{
    ArrayFormatter, ArrayFormatterFactory, DisplayIndex, FormatOptions, FormatResult,
};
use unicode_width::UnicodeWidthStr;

/// Digits that a double shows. Enough for money up to a hundred million, few
/// enough to hide that 0.1 + 0.2 is not 0.3. Formats for programs give all.
const SIGNIFICANT_DIGITS: usize = 10;

/// A value as text, or NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) is_null: bool,
}

impl Cell {
    /// The text on one line and without control characters: a terminal must not obey what a
    /// value or a name holds.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            text: on_one_line(text),
            is_null: false,
        }
    }

    /// Columns that the text takes in a terminal.
    pub(crate) fn width(&self) -> usize {
        self.text.width()
    }

    /// The cell cut to `width` columns, with an ellipsis where something is
    /// missing.
    pub(crate) fn cut(&self, width: usize) -> Self {
        Self {
            text: cut(&self.text, width),
            is_null: self.is_null,
        }
    }
}

/// `text` cut to `width` columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if kept.width() >= width {
            kept.pop();
            break;
        }
    }
    kept.push('…');
    kept
}

/// Whether values of the type are aligned to the right.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

/// Formats the values of one array.
pub(crate) struct Cells<'a> {
    formatter: ArrayFormatter<'a>,
    array: &'a dyn Array,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let options = FormatOptions::new()
            .with_display_error(true)
            .with_null("NULL")
            .with_formatter_factory(Some(&ReadableDoubles));
        let own = ReadableDoubles.create_array_formatter(array, &options, None)?;
        let formatter = match own {
            Some(formatter) => formatter,
            None => ArrayFormatter::try_new(array, &options)?,
        };
        Ok(Self { formatter, array })
    }

    /// The value at `row`.
    pub(crate) fn get(&self, row: usize) -> Cell {
        if is_null_at(self.array, row) {
            return Cell {
                text: "NULL".to_owned(),
                is_null: true,
            };
        }
        Cell::text(&self.formatter.value(row).to_string())
    }
}

/// Whether the value at `row` is NULL, which dictionaries and arrays of type
/// Null do not say in a bitmap.
pub(super) fn is_null_at(array: &dyn Array, row: usize) -> bool {
    match array.data_type() {
        DataType::Null => true,
        DataType::Dictionary(_, _) => array
            .logical_nulls()
            .is_some_and(|nulls| nulls.is_null(row)),
        _ => array.is_null(row),
    }
}

fn on_one_line(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Prints doubles with [`SIGNIFICANT_DIGITS`], at every depth of a nested value.
#[derive(Debug)]
struct ReadableDoubles;

impl ArrayFormatterFactory for ReadableDoubles {
    fn create_array_formatter<'a>(
        &self,
        array: &'a dyn Array,
        options: &FormatOptions<'a>,
        _field: Option<&'a Field>,
    ) -> Result<Option<ArrayFormatter<'a>>, ArrowError> {
        let null = options.null();
        let display: Box<dyn DisplayIndex + 'a> = match array.data_type() {
            DataType::Float64 => Box::new(Doubles {
                array: array.as_primitive::<Float64Type>(),
                null,
            }),
            DataType::Float32 => Box::new(Singles {
                array: array.as_primitive::<Float32Type>(),
                null,
            }),
            _ => return Ok(None),
        };
        Ok(Some(ArrayFormatter::new(display, options.safe())))
    }
}

struct Doubles<'a> {
    array: &'a Float64Array,
    null: &'a str,
}

impl DisplayIndex for Doubles<'_> {
    fn write(&self, row: usize, out: &mut dyn std::fmt::Write) -> FormatResult {
        if self.array.is_null(row) {
            out.write_str(self.null)?;
        } else {
            out.write_str(&readable(self.array.value(row)))?;
        }
        Ok(())
    }
}

struct Singles<'a> {
    array: &'a Float32Array,
    null: &'a str,
}

impl DisplayIndex for Singles<'_> {
    fn write(&self, row: usize, out: &mut dyn std::fmt::Write) -> FormatResult {
        if self.array.is_null(row) {
            out.write_str(self.null)?;
        } else {
            write!(out, "{:?}", self.array.value(row))?;
        }
        Ok(())
    }
}

/// A double rounded to [`SIGNIFICANT_DIGITS`], in the fewest digits that say so.
fn readable(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let rounded = format!("{value:.*e}", SIGNIFICANT_DIGITS - 1);
    match rounded.parse::<f64>() {
        Ok(rounded) => format!("{rounded:?}"),
        Err(_) => rounded,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray, StructArray};
    use arrow::datatypes::Fields;

    use super::*;

    #[test]
    fn doubles_are_readable() {
        for (value, text) in [
            (0.1 + 0.2, "0.3"),
            (1.0, "1.0"),
            (2.0 / 3.0, "0.6666666667"),
            (12_345_678.91, "12345678.91"),
            (1e300, "1e300"),
            (-1e-9, "-1e-9"),
            (0.0, "0.0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(readable(value), text);
        }
    }

    #[test]
    fn doubles_within_structs_are_readable_too() {
        let fields = Fields::from(vec![Field::new("lift", DataType::Float64, true)]);
        let lift: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.1 + 0.2), None]));
        let array = StructArray::new(fields, vec![lift], None);
        let cells = Cells::new(&array).unwrap();
        assert_eq!(cells.get(0).text, "{lift: 0.3}");
        assert_eq!(cells.get(1).text, "{lift: NULL}");
    }

    #[test]
    fn a_null_is_not_the_word_and_control_characters_are_shown() {
        let array = StringArray::from(vec![Some("NULL"), None, Some("a\n\u{1b}[2J")]);
        let cells = Cells::new(&array).unwrap();
        assert!(!cells.get(0).is_null && cells.get(1).is_null);
        assert_eq!(cells.get(2).text, "a\\n\\u{1b}[2J");
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("数量数量", 5), "数量…");
        assert_eq!(cut("数量数量", 4), "数…");
    }
}
