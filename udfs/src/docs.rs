//! What the functions say of themselves: for `docs/functions.md`, for `\df` and for
//! listings.
//!
//! All of it comes from the `#[user_doc]` of each function. Its `sql_example` is a fenced
//! block with one statement, ended by a semicolon, and the answer below it; the tests run
//! the statement and compare.

use datafusion::logical_expr::Documentation;

use crate::registry::{self, Entry, Function};

/// Columns of [`describe`]'s text.
const WIDTH: usize = 80;

/// The kind of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// One value from one row.
    Scalar,
    /// One value from many rows.
    Aggregate,
    /// One value a row, from the rows of its window.
    Window,
}

impl FunctionKind {
    /// The kind in one word, for listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Aggregate => "aggregate",
            Self::Window => "window",
        }
    }
}

/// One function in a listing. A name that serves two kinds is listed twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionInfo {
    /// The name by which it is called.
    pub name: String,
    /// Its kind.
    pub kind: FunctionKind,
    /// The subject it belongs to.
    pub family: &'static str,
    /// How it is called: `cohort_month(ts [, tz])`.
    pub signature: String,
    /// The first sentence of its description.
    pub summary: String,
}

/// Every function, by family, in the order of the documentation.
pub fn list() -> Vec<FunctionInfo> {
    registry::families()
        .iter()
        .flat_map(|family| {
            family.functions.iter().map(|entry| {
                let documentation = entry.documentation();
                FunctionInfo {
                    name: entry.name().to_owned(),
                    kind: kind(entry),
                    family: family.title,
                    signature: documentation
                        .map(|text| text.syntax_example.clone())
                        .unwrap_or_default(),
                    summary: documentation
                        .map(|text| first_sentence(&text.description).to_owned())
                        .unwrap_or_default(),
                }
            })
        })
        .collect()
}

/// The text of `docs/functions.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "<!-- Generated from the functions' own documentation by \
         `UPDATE_DOCS=1 cargo test -p cohortql-udfs docs`. -->\n\n# Functions\n\n\
         Arguments in brackets may be left out or be NULL, which stands for their default. \
         Any argument may be given by name, as in `tz => 'Europe/Berlin'`, also with gaps.\n",
    );
    for family in registry::families() {
        text.push_str(&format!("\n## {}\n", family.title));
        for entry in &family.functions {
            if let Some(documentation) = entry.documentation() {
                text.push_str(&section(entry, documentation));
            }
        }
    }
    text
}

fn section(entry: &Entry, documentation: &Documentation) -> String {
    let mut text = format!(
        "\n### `{}` ({})\n\n```text\n",
        entry.name(),
        kind(entry).name()
    );
    for form in forms(documentation) {
        text.push_str(&format!("{form}\n"));
    }
    text.push_str(&format!("```\n\n{}\n", documentation.description));
    text.push_str("\n| argument | | |\n|---|---|---|\n");
    for (parameter, (_, description)) in entry.parameters.iter().zip(arguments(documentation)) {
        let required = if parameter.required {
            "required"
        } else {
            "optional"
        };
        text.push_str(&format!(
            "| `{}` | {required} | {description} |\n",
            parameter.name
        ));
    }
    if let Some(example) = &documentation.sql_example {
        text.push_str(&format!("\n{example}\n"));
    }
    text
}

/// The documentation of every form of the function `name` as plain text; `None` when
/// there is no such function.
pub fn describe(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let described: Vec<String> = registry::families()
        .iter()
        .flat_map(|family| family.functions.iter().map(move |entry| (family, entry)))
        .filter(|(_, entry)| entry.name() == name)
        .filter_map(|(family, entry)| {
            let documentation = entry.documentation()?;
            let mut text = String::new();
            for form in forms(documentation) {
                text.push_str(&format!("{form}\n"));
            }
            text.push_str(&format!(
                "{} function, {}\n\n",
                kind(entry).name(),
                family.title
            ));
            wrap(&mut text, &documentation.description, 0);
            let names = entry
                .parameters
                .iter()
                .map(|parameter| parameter.name.len());
            let indent = names.max().unwrap_or_default() + 4;
            text.push('\n');
            for (name, description) in arguments(documentation) {
                text.push_str(&format!("{:indent$}", format!("  {name}")));
                wrap(&mut text, description, indent);
            }
            if let Some(example) = example(documentation) {
                text.push_str(&format!("\n{}\n{}\n", example.sql, example.answer));
            }
            Some(text)
        })
        .collect();
    (!described.is_empty()).then(|| described.join("\n"))
}

/// Appends `description` without its marks of code, in lines of [`WIDTH`] columns that
/// begin after `indent` blanks, except the first, which goes on where the text stands.
fn wrap(text: &mut String, description: &str, indent: usize) {
    let mut column = indent;
    for word in description.replace('`', "").split_whitespace() {
        if column > indent && column + 1 + word.chars().count() > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.chars().count();
    }
    text.push('\n');
}

fn forms(documentation: &Documentation) -> impl Iterator<Item = &String> {
    let alternatives = documentation.alternative_syntax.iter().flatten();
    std::iter::once(&documentation.syntax_example).chain(alternatives)
}

fn arguments(documentation: &Documentation) -> &[(String, String)] {
    documentation.arguments.as_deref().unwrap_or_default()
}

/// An example: a statement and what it answers, as text.
struct Example<'a> {
    sql: &'a str,
    answer: &'a str,
}

fn example(documentation: &Documentation) -> Option<Example<'_>> {
    let block = documentation.sql_example.as_ref()?;
    let block = block.strip_prefix("```sql\n")?.strip_suffix("\n```")?;
    let end = block.find(";\n")? + 1;
    Some(Example {
        sql: &block[..end],
        answer: &block[end + 1..],
    })
}

fn kind(entry: &Entry) -> FunctionKind {
    match entry.function {
        Function::Scalar(_) => FunctionKind::Scalar,
        Function::Aggregate(_) => FunctionKind::Aggregate,
        Function::Window(_) => FunctionKind::Window,
    }
}

fn first_sentence(text: &str) -> &str {
    match text.find(". ") {
        Some(end) => &text[..=end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::arguments::call_form;

    #[test]
    fn no_two_functions_share_name_and_kind() {
        let mut seen = BTreeSet::new();
        for entry in registry::functions() {
            let key = (entry.name(), kind(entry).name());
            assert!(seen.insert(key), "two of {key:?}");
            assert_eq!(entry.name(), entry.name().to_lowercase());
        }
    }

    #[test]
    fn every_function_is_documented() {
        for entry in registry::functions() {
            let name = entry.name();
            let documentation = entry.documentation().unwrap();
            let form = call_form(name, entry.parameters);
            for documented in forms(documentation) {
                assert!(documented.starts_with(&form), "{documented} is not {form}");
            }
            let documented = arguments(documentation)
                .iter()
                .map(|(name, _)| name.as_str());
            let declared = entry
                .parameters
                .iter()
                .filter(|parameter| !parameter.is_further_condition())
                .map(|parameter| parameter.name);
            assert!(documented.eq(declared), "arguments of {name}");
            let description = &documentation.description;
            assert!(description.contains("Returns "), "what {name} returns");
            assert!(example(documentation).is_some(), "an example of {name}");
            assert!(describe(name).unwrap().contains(&form));
        }
        assert_eq!(describe("no_such_function"), None);
    }

    #[test]
    fn sections_are_the_families() {
        for family in registry::families() {
            for entry in &family.functions {
                let label = entry.documentation().unwrap().doc_section.label;
                assert_eq!(label, family.title, "{}", entry.name());
            }
        }
    }

    #[test]
    fn the_readme_lists_every_function() {
        let readme = include_str!("../README.md");
        for family in registry::families() {
            let begin = format!("| {} | ", family.title);
            let line = readme.lines().find(|line| line.starts_with(&begin));
            for entry in &family.functions {
                let name = format!("`{}`", entry.name());
                let listed = line.is_some_and(|line| line.contains(&name));
                assert!(listed, "README.md has no {name} under {}", family.title);
            }
        }
    }

    #[tokio::test]
    async fn examples_answer_as_they_say() {
        let context = SessionContext::new();
        crate::register_all(&context).unwrap();
        for entry in registry::functions() {
            let example = example(entry.documentation().unwrap()).unwrap();
            let answer = context.sql(example.sql).await.unwrap();
            let answer = pretty_format_batches(&answer.collect().await.unwrap()).unwrap();
            assert_eq!(answer.to_string(), example.answer, "{}", example.sql);
        }
    }

    #[test]
    fn the_generated_file_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/functions.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, markdown()).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == markdown(),
            "docs/functions.md is stale: UPDATE_DOCS=1 cargo test -p cohortql-udfs docs"
        );
    }
}
