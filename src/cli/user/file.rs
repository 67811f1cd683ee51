//! `cohortql.toml` as text that is changed and stays what it was otherwise.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use cohortql_engine::Config;
use cohortql_server::ServerConfig;
use tempfile::NamedTempFile;
use toml_edit::DocumentMut;

use crate::cli::error::CliError;

/// The document; an empty one where there is no file yet.
pub(super) fn read(path: &Path) -> Result<DocumentMut, CliError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(source) => {
            return Err(CliError::CannotRead {
                path: path.to_owned(),
                source,
            });
        }
    };
    // What is wrong with it is said by those who read it for its meaning.
    Config::parse(&text)?;
    text.parse().map_err(|_| {
        let path = path.display();
        CliError::Usage(format!("{path}: expected TOML, got something else"))
    })
}

/// Changes the file: as a whole or not at all, one after the other, and only to what a server would
/// start with.
pub(super) fn change(
    path: &Path,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let path = target(path);
    let failed = |source| CliError::CannotWrite {
        path: path.clone(),
        source,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // The file itself is replaced, so that its lock would be that of what is gone.
    let lock = File::open(folder).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let mut document = read(&path)?;
    change(&mut document)?;
    let text = document.to_string();
    let roles = Config::parse(&text)?.roles.into_keys().collect();
    let server = ServerConfig::parse(&text, folder)?;
    server.access.check_roles(&roles)?;
    // Nobody else reads a new file: it holds hashes of passwords.
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    if let Ok(replaced) = fs::metadata(&path) {
        let permissions = file.as_file().set_permissions(replaced.permissions());
        permissions.map_err(failed)?;
    }
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The file itself, behind links.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
