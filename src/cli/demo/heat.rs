//! Retention as a triangle: cohorts down, periods across, rates as colours.

use std::collections::BTreeMap;
use std::io::Write;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use arrow::error::ArrowError;
use nu_ansi_term::{Color, Style};

use crate::cli::error::CliError;
use crate::cli::output::Look;
use crate::cli::output::terminal::Colours;

/// Columns before the first rate: the cohort and its size.
const MARGIN: usize = 7 + 7;

/// The ramp from nobody to the highest rate, as red, green and blue.
const COOL: [f64; 3] = [239.0, 243.0, 255.0];
const WARM: [f64; 3] = [8.0, 69.0, 148.0];
/// The same ramp in the 256 colours of xterm.
const INDEXED: [u8; 8] = [255, 189, 153, 111, 69, 33, 26, 24];

/// Rates by period, and the size, of each cohort.
#[derive(Debug, Default, PartialEq)]
struct Triangle {
    cohorts: BTreeMap<String, Cohort>,
    periods: usize,
}

#[derive(Debug, Default, PartialEq)]
struct Cohort {
    size: i64,
    rates: BTreeMap<usize, f64>,
}

/// Prints the answer of the `cohort_retention` report.
pub(super) fn print(
    batches: &[RecordBatch],
    out: &mut (dyn Write + Send),
    look: Look,
) -> Result<(), CliError> {
    let triangle = Triangle::read(batches)?;
    let roomy = MARGIN + 5 * triangle.periods;
    let width = match look.width {
        Some(room) if room < roomy => 4,
        _ => 5,
    };
    write!(out, "{:<7} {:>6}", "cohort", "size")?;
    for period in 0..triangle.periods {
        write!(out, "{:>width$}", format!("{period} "))?;
    }
    writeln!(out)?;
    let highest = triangle.highest();
    for (name, cohort) in &triangle.cohorts {
        write!(out, "{name:<7} {:>6}", cohort.size)?;
        for period in 0..triangle.periods {
            let Some(&rate) = cohort.rates.get(&period) else {
                continue;
            };
            let text = format!("{:>width$}", format!("{:.0} ", 100.0 * rate));
            let share = if highest > 0.0 {
                (rate / highest).min(1.0)
            } else {
                0.0
            };
            write!(out, "{}", heat(share, look.colours).paint(text))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

impl Triangle {
    fn read(batches: &[RecordBatch]) -> Result<Self, ArrowError> {
        let mut triangle = Self::default();
        for batch in batches {
            let column = |name: &str, data_type: &DataType| match batch.column_by_name(name) {
                Some(column) => cast(column, data_type),
                None => Err(ArrowError::SchemaError(format!("no column {name:?}"))),
            };
            let cohorts = column("cohort", &DataType::Date32)?;
            let sizes = column("cohort_size", &DataType::Int64)?;
            let periods = column("period", &DataType::Int64)?;
            let rates = column("rate", &DataType::Float64)?;
            for row in 0..batch.num_rows() {
                let day = cohorts.as_primitive::<Date32Type>().value_as_date(row);
                let name = day
                    .map(|day| day.format("%Y-%m").to_string())
                    .unwrap_or_default();
                let cohort = triangle.cohorts.entry(name).or_default();
                cohort.size = sizes.as_primitive::<Int64Type>().value(row);
                let period = periods.as_primitive::<Int64Type>().value(row);
                let period = usize::try_from(period).unwrap_or(0);
                cohort
                    .rates
                    .insert(period, rates.as_primitive::<Float64Type>().value(row));
                triangle.periods = triangle.periods.max(period + 1);
            }
        }
        Ok(triangle)
    }

    /// The highest rate after the first period, which is everybody's.
    fn highest(&self) -> f64 {
        let rates = self
            .cohorts
            .values()
            .flat_map(|cohort| cohort.rates.range(1..));
        rates.map(|(_, rate)| *rate).fold(0.0, f64::max)
    }
}

/// The colour for a share between 0 and 1 of the highest rate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 keeps both in the range of the colours"
)]
fn heat(share: f64, colours: Colours) -> Style {
    let text = if share > 0.55 {
        Color::White
    } else {
        Color::Black
    };
    let style = Style::new().fg(text);
    match colours {
        Colours::None => Style::new(),
        Colours::True => {
            let [red, green, blue] =
                [0, 1, 2].map(|i| (COOL[i] + share * (WARM[i] - COOL[i])).round() as u8);
            style.on(Color::Rgb(red, green, blue))
        }
        Colours::Indexed => {
            let step = (share * (INDEXED.len() - 1) as f64).round() as usize;
            style.on(Color::Fixed(INDEXED[step.min(INDEXED.len() - 1)]))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array};

    use super::*;

    fn printed(colours: Colours) -> String {
        let columns: [(&str, ArrayRef); 4] = [
            (
                "cohort",
                Arc::new(Date32Array::from(vec![9862, 9862, 9893])),
            ),
            (
                "cohort_size",
                Arc::new(Int64Array::from(vec![781, 781, 857])),
            ),
            ("period", Arc::new(Int32Array::from(vec![0, 1, 0]))),
            ("rate", Arc::new(Float64Array::from(vec![1.0, 0.125, 1.0]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut out = Vec::new();
        let look = Look {
            colours,
            width: None,
            max_rows: None,
            expanded: false,
        };
        print(&[batch], &mut out, look).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn periods_that_have_not_come_are_blank() {
        let text = printed(Colours::None);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "cohort    size   0    1",
                "1997-01    781 100   12",
                "1997-02    857 100",
            ]
        );
    }

    #[test]
    fn colours_are_the_terminals() {
        assert!(!printed(Colours::None).contains('\u{1b}'));
        assert!(printed(Colours::Indexed).contains("48;5;24;"));
        assert!(printed(Colours::True).contains("48;2;8;69;148;"));
    }
}
