//! `cohortql docs`: a static site of the project's models, and their lineage for other programs.
//!
//! `index.html` lists them and draws what is made of what; each model and source has a page. Nothing is
//! loaded from elsewhere, so that the folder can be opened from disk or put behind any web server.
//! `lineage.mmd` is the same graph for Mermaid, and `openlineage.json` an event a line for what reads
//! OpenLineage.

mod gather;
mod lineage;
mod openlineage;
mod site;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Models, results};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// What is to be told of, and where.
#[derive(Debug, Args)]
pub(crate) struct Docs {
    #[command(flatten)]
    models: Models,

    /// The folder to write to [default: target/docs of the project]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Writes the site, and says where.
pub(crate) fn docs(docs: &Docs, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (engine, project) = docs.models.open(settings).await?;
        let chosen = project.select(&docs.models.selection());
        let models = chosen.map_err(CliError::Project)?;
        let gathered = gather::gather(&engine, &project, &models).await?;
        let folder = match &docs.out {
            Some(folder) => folder.clone(),
            None => project.folder().join(results::FOLDER).join("docs"),
        };
        let mut files = site::pages(&gathered)?;
        files.push(("lineage.mmd".to_owned(), lineage::mermaid(&gathered)));
        files.push((
            "openlineage.json".to_owned(),
            openlineage::events(&gathered),
        ));
        forget(&folder.join("models"), &files)?;
        for (name, text) in files {
            let path = folder.join(name);
            let written = path.parent().map_or(Ok(()), fs::create_dir_all);
            written
                .and_then(|()| fs::write(&path, text))
                .map_err(|source| CliError::CannotWrite { path, source })?;
        }
        let index: PathBuf = folder.join("index.html").components().collect();
        print(format!("{} models: open {}\n", models.len(), index.display()).as_bytes())
    })
}

/// Removes the pages of models that are gone.
fn forget(folder: &Path, files: &[(String, String)]) -> Result<(), CliError> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let is_page = path.extension().is_some_and(|end| end == "html");
        if is_page && !files.iter().any(|(name, _)| path.ends_with(name)) {
            fs::remove_file(&path).map_err(|source| CliError::CannotWrite { path, source })?;
        }
    }
    Ok(())
}
