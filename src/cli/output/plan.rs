//! Plans as EXPLAIN shows them: line by line, since a cell of a table has one line for all.

use std::io::Write;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Schema;
use datafusion::logical_expr::LogicalPlan;
use nu_ansi_term::Style;

use super::ResultWriter;
use super::cell::Cell;
use super::table::Look;
use crate::cli::error::CliError;

/// Whether a result of `schema` is plans: the name of each, and its text.
pub(super) fn is_of(schema: &Schema) -> bool {
    schema.fields() == LogicalPlan::explain_schema().fields()
}

pub(super) struct Plans<'a> {
    out: &'a mut (dyn Write + Send),
    title: Style,
    text: String,
}

impl<'a> Plans<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send), look: Look) -> Self {
        Self {
            out,
            title: if look.colours.any() {
                Style::new().bold()
            } else {
                Style::new()
            },
            text: String::new(),
        }
    }
}

impl ResultWriter for Plans<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let texts = |place: usize| {
            let column = batch.columns().get(place);
            let column = column.and_then(|column| column.as_string_opt::<i32>());
            column.into_iter().flatten().flatten()
        };
        for (name, plan) in texts(0).zip(texts(1)) {
            let name = self.title.paint(Cell::text(name).text);
            self.text.push_str(&format!("{name}\n"));
            for line in plan.lines() {
                self.text
                    .push_str(&format!("  {}\n", Cell::text(line).text));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CliError> {
        write!(self.out, "{}", self.text)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::StringArray;

    use super::*;
    use crate::cli::output::terminal::Colours;

    #[test]
    fn each_line_of_a_plan_is_a_line_and_none_is_obeyed() {
        let column = |texts: &[&str]| Arc::new(StringArray::from(texts.to_vec())) as _;
        let names = column(&["logical_plan", "physical_plan"]);
        let plans = column(&["Filter: a = Utf8(\"\u{1b}\")\n  TableScan: t", "ScanExec\n"]);
        let schema = LogicalPlan::explain_schema();
        assert!(is_of(&schema));
        let batch = RecordBatch::try_new(schema, vec![names, plans]).unwrap();
        let look = Look {
            colours: Colours::None,
            width: Some(10),
            max_rows: Some(1),
            expanded: false,
        };
        let mut out = Vec::new();
        let mut writer = Plans::new(&mut out, look);
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "logical_plan\n  Filter: a = Utf8(\"\\u{1b}\")\n    TableScan: t\nphysical_plan\n  ScanExec\n"
        );
    }

    #[test]
    fn other_results_are_no_plans() {
        let schema = LogicalPlan::explain_schema();
        assert!(!is_of(&schema.project(&[1]).unwrap()));
        assert!(!is_of(&Schema::empty()));
    }
}
