//! The files that models are made of: the shipped ones, and those of a project's `sql/`.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use crate::EngineError;

/// The folder of a project with models of its own.
const FOLDER: &str = "sql";

/// What counts as part of a model; other files are passed over.
const EXTENSIONS: [&str; 3] = ["sql", "yml", "csv"];

/// Path below `sql/`, and text.
const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped_models.rs"));

/// A file with a model, a part of one, or declarations.
#[derive(Debug, Clone)]
pub(super) struct ModelFile {
    /// The path below `sql/`, its parts separated by `/`.
    pub(super) path: String,
    pub(super) text: Cow<'static, str>,
    pub(super) shipped: bool,
}

impl ModelFile {
    /// What messages call it.
    pub(super) fn label(&self) -> String {
        match self.shipped {
            true => format!("the shipped {}", self.path),
            false => format!("{FOLDER}/{}", self.path),
        }
    }

    /// The file's name without its extension, and the extension.
    pub(super) fn stem(&self) -> (&str, &str) {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').unwrap_or((name, ""))
    }

    /// Whether the file is in a folder right below `sql/`.
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.path
            .split_once('/')
            .is_some_and(|(first, _)| first == folder)
    }
}

/// The files of the models that come with the engine.
pub(super) fn shipped() -> Vec<ModelFile> {
    let files = SHIPPED.iter().map(|(path, text)| ModelFile {
        path: (*path).to_owned(),
        text: Cow::Borrowed(*text),
        shipped: true,
    });
    files.collect()
}

/// The files of that name right in `sql/`, the shipped one first. No other file is read.
///
/// # Errors
/// When the project's cannot be read, or is no text.
pub(super) fn named(project: &Path, name: &str) -> Result<Vec<ModelFile>, EngineError> {
    let mut files = shipped();
    files.retain(|file| file.path == name);
    let root = project.join(FOLDER);
    let own = root.join(name);
    if own.is_file() {
        files.push(read(&root, &own)?);
    }
    Ok(files)
}

/// The files below `sql/` of a project's folder, which need not be there.
///
/// # Errors
/// When one cannot be read, or is no text.
pub(super) fn of_project(project: &Path) -> Result<Vec<ModelFile>, EngineError> {
    let root = project.join(FOLDER);
    let mut found = Vec::new();
    if root.is_dir() {
        collect(&root, &mut found)?;
    }
    found.sort();
    found.iter().map(|path| read(&root, path)).collect()
}

fn read(root: &Path, path: &Path) -> Result<ModelFile, EngineError> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    Ok(ModelFile {
        path: parts.join("/"),
        text: Cow::Owned(text),
        shipped: false,
    })
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), EngineError> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, found)?;
        } else if extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            found.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> EngineError {
    EngineError::Config {
        message: format!("{} cannot be read: {error}", path.display()),
    }
}
