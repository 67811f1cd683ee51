//! The sources that a folder `data/` has files for, as `cohortql.toml` declares them.
//!
//! A file or folder counts for the source of its name, `data/orders.csv` for `orders`. Columns that are
//! called what models call them need no word; of the others the file says which they are, and which
//! columns there are that may be meant.

use std::path::Path;

use cohortql_engine::models::{self, SourceColumn};

use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::open;

/// What a source may lie in, in the order in which it is looked for; a folder comes first.
const ENDINGS: [&str; 8] = [
    "", "parquet", "csv", "csv.gz", "csv.zst", "json", "ndjson", "arrow",
];

/// A source with files.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    /// From the project's folder.
    pub(super) location: String,
    /// The columns that models read and the files do not have by that name.
    missing: Vec<SourceColumn>,
    /// Why the files cannot be read, if so.
    pub(super) trouble: Option<String>,
    /// The columns of the files that no model reads by that name.
    others: Vec<String>,
}

impl Found {
    /// The required columns that the files do not have by that name.
    pub(super) fn lacking(&self) -> Vec<&str> {
        if self.trouble.is_some() {
            return Vec::new();
        }
        let required = self.missing.iter().filter(|column| column.is_required);
        required.map(|column| column.name.as_str()).collect()
    }
}

/// Looks for the files of sources.
pub(super) async fn found(folder: &Path, settings: &Settings) -> Result<Vec<Found>, CliError> {
    let engine = open::engine_alone(settings).await?;
    let mut found = Vec::new();
    for (name, source) in models::declared_sources(folder)? {
        let Some(file) = ENDINGS
            .iter()
            .find_map(|ending| place(folder, &name, ending))
        else {
            continue;
        };
        let location = format!("data/{file}");
        let path = folder.join(&location);
        let path = std::path::absolute(path)?.display().to_string();
        let (columns, trouble) = match engine.register_path(&path, Some(&name)).await {
            Ok(_) => (columns(&engine, &name).await?, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let has = |column: &str| columns.iter().any(|own| own.eq_ignore_ascii_case(column));
        let is_read = |own: &String| {
            source
                .columns
                .iter()
                .any(|c| c.name.eq_ignore_ascii_case(own))
        };
        found.push(Found {
            others: columns
                .iter()
                .filter(|own| !is_read(own))
                .cloned()
                .collect(),
            missing: source
                .columns
                .into_iter()
                .filter(|column| !has(&column.name))
                .collect(),
            trouble,
            name,
            location,
        });
    }
    Ok(found)
}

/// The file or folder of a source with an ending, if it is there.
fn place(folder: &Path, name: &str, ending: &str) -> Option<String> {
    let file = match ending {
        "" => format!("{name}/"),
        ending => format!("{name}.{ending}"),
    };
    folder.join("data").join(&file).exists().then_some(file)
}

async fn columns(engine: &cohortql_engine::Engine, name: &str) -> Result<Vec<String>, CliError> {
    let session = engine.session();
    let statement = format!("SELECT * FROM \"{name}\" LIMIT 0");
    let stream = session.sql(&statement).await?;
    let fields = stream.schema();
    Ok(fields
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect())
}

/// The sections of the file.
pub(super) fn text(found: &[Found]) -> String {
    let mut text = String::new();
    for source in found {
        text += &format!(
            "\n[sources.{}]\nlocation = {}\n",
            toml_edit::Key::new(&source.name),
            toml_edit::value(source.location.as_str())
        );
        if source.missing.is_empty() || source.trouble.is_some() {
            continue;
        }
        text += &format!(
            "\n[sources.{}.columns]\n",
            toml_edit::Key::new(&source.name)
        );
        if !source.others.is_empty() {
            text += &format!(
                "# Columns of the files, or expressions over them; there are also {}.\n",
                in_a_line(&source.others.join(", "))
            );
        }
        for column in &source.missing {
            let needed = if column.is_required { " (needed)" } else { "" };
            text += &format!(
                "# {} = \"\"  # {}{needed}\n",
                toml_edit::Key::new(&column.name),
                in_a_line(&column.description)
            );
        }
    }
    if found.is_empty() {
        text += EXAMPLE;
    }
    text
}

/// A text that stays in its comment.
fn in_a_line(text: &str) -> String {
    text.replace(|letter: char| letter.is_control(), " ")
}

const EXAMPLE: &str = r#"
# Where the files are, and what their columns are called. Models read orders, order_items, products, customers,
# payments, events and experiments; what needs a source that is not here is skipped.
#
# [sources.orders]
# location = "data/orders/*.csv"
#
# [sources.orders.columns]
# order_id = "id"
# ordered_at = "created_at"
# amount = "CAST(cents AS DECIMAL(18, 2)) / 100"
"#;
