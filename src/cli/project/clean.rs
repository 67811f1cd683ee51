//! `cohortql clean`: removes what builds have left beside the models.

use std::fs;
use std::io::ErrorKind;

use clap::Args;

use super::{Models, results};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// What is to be removed.
#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// Also the tables and views in the warehouse of models that the project no longer has
    #[arg(long)]
    unused: bool,
}

/// Removes it, a line each.
pub(crate) fn clean(clean: &Clean, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = Models::default().open(settings).await?;
        let mut text = String::new();
        if clean.unused {
            for model in project.drop_unused().await? {
                text += &format!("dropped {model} from target {}\n", project.target());
            }
        }
        let path = project.folder().join(results::FOLDER);
        match fs::remove_dir_all(&path) {
            Ok(()) => text += &format!("removed {}/\n", results::FOLDER),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(CliError::CannotWrite { path, source }),
        }
        if text.is_empty() {
            text += "nothing to remove\n";
        }
        print(text.as_bytes())
    })
}
