//! `cohortql clean`: removes what builds have left beside the models.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use clap::Args;

use super::{Models, results};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// What is to be removed.
#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// Name the tables and views in the warehouse of models that the project no longer has
    #[arg(long)]
    unused: bool,

    /// Drop what --unused names, which for snapshots cannot be made good
    #[arg(long, requires = "unused")]
    yes: bool,
}

/// Removes it, a line each.
pub(crate) fn clean(clean: &Clean, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = Models::default().open(settings).await?;
        let mut text = String::new();
        let target = project.target();
        if clean.unused && clean.yes {
            for model in project.drop_unused().await? {
                text += &format!("dropped {model} from target {target}\n");
            }
        } else if clean.unused {
            for (model, kind) in project.unused().await? {
                text += &format!("{kind} {model} of target {target} is unused: --yes drops it\n");
            }
        }
        // Others may keep things in a folder of that name too.
        let folder = project.folder().join(results::FOLDER);
        for name in [results::FILE, "docs"] {
            if removed(&folder.join(name))? {
                text += &format!("removed {}/{name}\n", results::FOLDER);
            }
        }
        let _ = fs::remove_dir(&folder);
        if text.is_empty() {
            text += "nothing to remove\n";
        }
        print(text.as_bytes())
    })
}

/// Removes a file or folder, if it is there.
fn removed(path: &Path) -> Result<bool, CliError> {
    let gone = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match gone {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(CliError::CannotWrite {
            path: path.to_path_buf(),
            source,
        }),
    }
}
