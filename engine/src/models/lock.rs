//! One build at a time in a warehouse on disk.
//!
//! The system lets go of the lock with the process, so that no crash leaves it behind. In a bucket
//! nothing of the kind is to be had: there the manifest is written only over the version that was
//! read, which the second of two builds finds gone.

use std::fs::{self, File, OpenOptions, TryLockError};

use crate::EngineError;
use crate::stores::Location;

const FILE: &str = ".build.lock";

/// Held while models are built.
#[derive(Debug)]
pub(super) struct BuildLock {
    _file: Option<File>,
}

impl BuildLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when another build has it.
    pub(super) fn take(warehouse: &Location) -> Result<Self, EngineError> {
        let Some(folder) = warehouse.local_path() else {
            return Ok(Self { _file: None });
        };
        let failed = |error: std::io::Error| EngineError::Storage {
            message: format!("the warehouse \"{warehouse}\" cannot be locked: {error}"),
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(FILE))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(EngineError::Conflict {
                message: format!(
                    "another build is at work in the warehouse \"{warehouse}\": wait until it is over"
                ),
            }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_build_is_refused_until_the_first_is_over() {
        let folder = tempfile::TempDir::new().unwrap();
        let place = Location::parse("warehouse/", folder.path()).unwrap();
        let first = BuildLock::take(&place).unwrap();
        let error = BuildLock::take(&place).unwrap_err().to_string();
        assert!(error.starts_with("another build is at work"), "{error}");
        drop(first);
        BuildLock::take(&place).unwrap();
    }
}
