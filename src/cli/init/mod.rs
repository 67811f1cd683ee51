//! `cohortql init`: begins a project.
//!
//! It gets a `cohortql.toml` with the sources whose files lie in `data/`, a folder for models, and a
//! `.gitignore`. A template brings data and a model of its own besides. What is there is never
//! written over.

mod ecommerce;
mod sources;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::args::Settings;
use super::error::CliError;
use super::open::{self, CONFIG_FILE};
use super::print;

/// What builds write, which is nobody's to keep.
const IGNORED: &str = "target/\nwarehouse/\n.cohortql/\n";

/// A project to be.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Its folder, which is made if need be [default: the working folder]
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// What it is called [default: the name of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Begin with data and a model of this kind
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<Template>,
}

/// What a project may begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Template {
    /// A web shop: half a year of events, orders, products, customers and payments, all made up
    Ecommerce,
}

/// Begins it, and says what there is now and what to do next.
pub(crate) fn run(init: &Init, settings: &Settings) -> Result<(), CliError> {
    let given = init.folder.as_ref().or(settings.project.as_ref());
    let folder = given.cloned().unwrap_or_else(|| PathBuf::from("."));
    let config = folder.join(CONFIG_FILE);
    if config.exists() {
        let config = config.display();
        return Err(CliError::Usage(format!(
            "there is a project already: {config}; name another folder"
        )));
    }
    let data = folder.join("data");
    if init.template.is_some() && data.exists() {
        let data = data.display();
        return Err(CliError::Usage(format!(
            "the template makes {data}/, which is there already: name another folder, or leave the \
             template out to use these files"
        )));
    }
    make(&folder.join("sql"))?;
    let name = match &init.name {
        Some(name) => name.clone(),
        None => name_of(&folder)?,
    };
    open::runtime()?.block_on(async {
        if init.template == Some(Template::Ecommerce) {
            ecommerce::make(&folder, settings).await?;
        }
        let found = sources::found(&folder, settings).await?;
        let mut text = format!(
            "# What this project is made of; docs/models.md tells of every section.\n[project]\nname = {}\n",
            toml_edit::value(name.as_str())
        );
        text += &sources::text(&found);
        new_file(&config, &text)?;
        // Somebody may have one of his own.
        let ignore = folder.join(".gitignore");
        if !ignore.exists() {
            new_file(&ignore, IGNORED)?;
        }
        print(said(init, &folder, &found).as_bytes())
    })
}

fn said(init: &Init, folder: &Path, found: &[sources::Found]) -> String {
    let mut text = format!("{} begins a project.\n", folder.join(CONFIG_FILE).display());
    match found {
        [] => {
            text += "No files were found in data/: put orders.csv, events.parquet or the like there, or \
                     say in\ncohortql.toml where they are.\n";
        }
        found => {
            let names: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
            text += &format!("Sources: {}.\n", names.join(", "));
            for found in found {
                if let Some(trouble) = &found.trouble {
                    text += &format!("{} cannot be read: {trouble}\n", found.location);
                }
                let lacking = found.lacking();
                if !lacking.is_empty() {
                    text += &format!(
                        "{} has no column {}: say below [sources.{}.columns] what they are.\n",
                        found.location,
                        lacking.join(", "),
                        found.name
                    );
                }
            }
        }
    }
    let place = match &init.folder {
        Some(folder) => format!("cd {} && ", folder.display()),
        None => String::new(),
    };
    text + &format!("Next: {place}cohortql build\n")
}

/// A name for the project in a folder.
fn name_of(folder: &Path) -> Result<String, CliError> {
    let whole = fs::canonicalize(folder)?;
    let name = whole
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(name.unwrap_or_else(|| "project".to_owned()))
}

fn make(folder: &Path) -> Result<(), CliError> {
    fs::create_dir_all(folder).map_err(|source| CliError::CannotWrite {
        path: folder.to_path_buf(),
        source,
    })
}

/// Writes a file that must not be there.
fn new_file(path: &Path, text: &str) -> Result<(), CliError> {
    let written = fs::File::create_new(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => CliError::Usage(format!("{} is there already", path.display())),
        _ => CliError::CannotWrite {
            path: path.to_path_buf(),
            source,
        },
    })
}
