//! One writer at a time, among all processes of a project folder.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::EngineError;

/// Held while the catalog file is read, changed and written; the system lets go of it with the
/// process, so that no crash leaves it behind.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the other writers, who hold the lock for one small file's time.
    pub(super) fn take(path: &Path) -> Result<Self, EngineError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .and_then(|file| {
                file.lock()?;
                Ok(file)
            });
        match file {
            Ok(file) => Ok(Self { _file: file }),
            Err(error) => Err(EngineError::Catalog {
                message: format!("{} cannot be locked: {error}", path.display()),
            }),
        }
    }
}
