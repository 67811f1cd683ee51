//! The documentation of functions, for `cohortql functions` and `\df`.
//!
//! It comes from what every function says of itself, ours and DataFusion's, so
//! that nothing has to be kept in step by hand.

use std::collections::BTreeMap;

use cohortql_engine::reports::Argument;
use cohortql_engine::{did_you_mean, reports};
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{DocSection, Documentation};
use nu_ansi_term::Style;
use unicode_width::UnicodeWidthStr;

use super::error::CliError;
use super::output::Look;

/// Columns of a description at most: longer lines are hard to read.
const WIDEST_TEXT: usize = 96;

/// A function of some kind; one name may be several.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// Whether it comes with CohortQL, not with DataFusion.
    pub(crate) is_ours: bool,
    documentation: Option<Documentation>,
}

impl Function {
    /// The first sentence of its description.
    pub(crate) fn summary(&self) -> String {
        let description = self
            .documentation
            .as_ref()
            .map_or("", |d| d.description.trim());
        let line = description.lines().next().unwrap_or("");
        match line.find(". ") {
            Some(end) => line[..=end].to_owned(),
            None => line.to_owned(),
        }
    }

    fn describe(&self, title: Style, width: usize) -> String {
        let mut text = format!("{} ({})\n", title.paint(&self.name), self.kind);
        let Some(documentation) = &self.documentation else {
            return text;
        };
        let mut section = |heading: &str, body: &str, width: usize| {
            if !body.trim().is_empty() {
                let heading = if heading.is_empty() {
                    String::new()
                } else {
                    format!("\n{}\n", title.paint(heading))
                };
                text.push_str(&format!("{heading}{}\n", indented(body, width)));
            }
        };
        let mut syntax = documentation.syntax_example.clone();
        for other in documentation.alternative_syntax.iter().flatten() {
            syntax.push('\n');
            syntax.push_str(other);
        }
        section("", &syntax, usize::MAX);
        section("Description", &documentation.description, width);
        let arguments = documentation.arguments.iter().flatten();
        let arguments = arguments.map(|(name, about)| format!("{name}: {}", about.trim()));
        section(
            "Arguments",
            &arguments.collect::<Vec<_>>().join("\n"),
            width,
        );
        let example = documentation.sql_example.as_deref().unwrap_or("");
        section("Example", &without_fences(example), usize::MAX);
        let related = documentation.related_udfs.iter().flatten();
        section(
            "See also",
            &related.cloned().collect::<Vec<_>>().join(", "),
            width,
        );
        text
    }
}

/// The text two columns in, its lines broken between words where they are longer
/// than `width`; what follows a break is two further in.
fn indented(text: &str, width: usize) -> String {
    let mut indented = String::new();
    for line in text.trim_matches('\n').lines() {
        let begin = line.len() - line.trim_start().len();
        let mut used = 2 + begin;
        indented.push_str(&" ".repeat(used));
        for (place, word) in line.split_whitespace().enumerate() {
            if width == usize::MAX {
                indented.push_str(line.trim());
                break;
            }
            if place > 0 && used + 1 + word.width() > width {
                indented.push_str("\n    ");
                used = 4;
            } else if place > 0 {
                indented.push(' ');
                used += 1;
            }
            indented.push_str(word);
            used += word.width();
        }
        indented.truncate(indented.trim_end_matches(' ').len());
        indented.push('\n');
    }
    indented.truncate(indented.trim_end_matches('\n').len());
    indented
}

fn without_fences(example: &str) -> String {
    let lines = example
        .lines()
        .filter(|line| !line.trim_start().starts_with("```"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What a report's argument may be, what it says, and what stands for it.
fn meaning(argument: &Argument) -> String {
    let default = argument.default;
    let default = default.map_or_else(String::new, |text| format!(" Default: {text}."));
    format!("{}. {}{default}", argument.takes, argument.meaning)
}

/// Every function, by name.
pub(crate) fn all() -> Vec<Function> {
    let mut functions: BTreeMap<(String, &'static str), Function> = BTreeMap::new();
    let mut add = |name: &str, kind, is_ours, documentation: Option<&Documentation>| {
        let key = (name.to_owned(), kind);
        functions.entry(key).or_insert_with(|| Function {
            name: name.to_owned(),
            kind,
            is_ours,
            documentation: documentation.cloned(),
        });
    };
    for report in reports::list() {
        let section = DocSection::default();
        let (about, call) = (report.summary, report.signature);
        let mut documentation = Documentation::builder(section, about, call)
            .with_argument("table", "a name, or a query in parentheses.");
        for argument in report.arguments {
            documentation = documentation.with_argument(argument.name, meaning(argument));
        }
        add(report.name, "report", true, Some(&documentation.build()));
    }
    for f in cohortql_udfs::all_scalar_functions() {
        add(f.name(), "scalar", true, f.documentation());
    }
    for f in cohortql_udfs::all_aggregate_functions() {
        add(f.name(), "aggregate", true, f.documentation());
    }
    for f in cohortql_udfs::all_window_functions() {
        add(f.name(), "window", true, f.documentation());
    }
    for f in SessionStateDefaults::default_scalar_functions() {
        add(f.name(), "scalar", false, f.documentation());
    }
    for f in SessionStateDefaults::default_aggregate_functions() {
        add(f.name(), "aggregate", false, f.documentation());
    }
    for f in SessionStateDefaults::default_window_functions() {
        add(f.name(), "window", false, f.documentation());
    }
    functions.into_values().collect()
}

/// The documentation of `name`, the functions whose names hold it, or without a
/// name the list of ours.
pub(crate) fn answer(name: Option<&str>, look: Look) -> Result<String, CliError> {
    let functions = all();
    let title = if look.colours.any() {
        Style::new().bold()
    } else {
        Style::new()
    };
    let Some(name) = name else {
        let ours: Vec<&Function> = functions.iter().filter(|f| f.is_ours).collect();
        let others = functions.len() - ours.len();
        return Ok(format!(
            "{}\nand {others} of DataFusion. A name gives its documentation, part of a name those that hold it.\n",
            listed(&ours, look)
        ));
    };
    let width = look
        .width
        .map_or(WIDEST_TEXT, |width| width.min(WIDEST_TEXT));
    let wanted = name.trim_end_matches("()").to_ascii_lowercase();
    let exact = functions.iter().filter(|f| f.name == wanted);
    let exact: Vec<String> = exact.map(|f| f.describe(title, width)).collect();
    if !exact.is_empty() {
        return Ok(exact.join("\n"));
    }
    let holding: Vec<&Function> = functions
        .iter()
        .filter(|f| f.name.contains(&wanted))
        .collect();
    if !holding.is_empty() {
        return Ok(listed(&holding, look));
    }
    let hint = did_you_mean(&wanted, functions.iter().map(|f| &f.name));
    Err(CliError::Usage(format!(
        "there is no function {wanted:?}{hint}"
    )))
}

/// One line a function, cut to the terminal.
fn listed(functions: &[&Function], look: Look) -> String {
    let width = functions.iter().map(|f| f.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for function in functions {
        let Function { name, kind, .. } = function;
        let line = format!("  {name:<width$}  {kind:<9}  {}", function.summary());
        let line = super::output::Cell::text(line.trim_end());
        text.push_str(&line.cut(look.width.unwrap_or(usize::MAX)).text);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::terminal::Colours;

    const PLAIN: Look = Look {
        colours: Colours::None,
        width: None,
        max_rows: None,
        expanded: false,
    };

    #[test]
    fn a_name_gives_documentation_and_part_of_one_a_list() {
        let text = answer(Some("date_trunc"), PLAIN).unwrap();
        assert!(
            text.starts_with("date_trunc (scalar)\n  date_trunc("),
            "{text}"
        );
        assert!(text.contains("Arguments") && !text.contains("```"));
        let text = answer(Some("date_"), PLAIN).unwrap();
        assert!(text.lines().count() > 2 && text.contains("date_bin"));
        let error = answer(Some("date_trunk"), PLAIN).unwrap_err();
        assert!(
            error.to_string().ends_with("did you mean \"date_trunc\"?"),
            "{error}"
        );
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(indented("one two three", 9), "  one two\n    three");
        assert_eq!(indented("  a\n\nb", 9), "    a\n\n  b");
        assert_eq!(indented("select  1", usize::MAX), "  select  1");
    }

    #[test]
    fn every_one_of_ours_is_listed_with_a_summary() {
        for function in all().iter().filter(|f| f.is_ours) {
            assert!(!function.summary().is_empty(), "{}", function.name);
        }
        let text = answer(Some("rfm"), PLAIN).unwrap();
        assert!(
            text.starts_with("rfm (report)\n  rfm(table, customer =>, "),
            "{text}"
        );
    }

    #[test]
    fn arguments_of_reports_are_explained() {
        let text = answer(Some("rfm"), PLAIN).unwrap();
        for line in [
            "Arguments\n  table: a name, or a query in parentheses.\n  customer: any single value. ",
            "\n  tiles: a constant whole number. Scores run from 1 to it, 2 to 9. Default: 5.\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
