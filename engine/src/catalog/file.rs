//! The catalog file: `.cohortql/catalog.sql` in the project folder.
//!
//! It holds the `CREATE` statements as they were written, in the order in which they were run,
//! so that any SQL tool shows it and a person can mend it. A statement written for another
//! default schema than `public` stands under a `SET` of that schema.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::lock::Lock;
use super::record::Record;
use crate::environment::SCHEMA;
use crate::statement::STORED_RECURSION_LIMIT;
use crate::{EngineError, Statement};

const FOLDER: &str = ".cohortql";
const FILE: &str = "catalog.sql";
const LOCK: &str = "catalog.lock";

const HEADER: &str = "-- Tables and views of this project, written by CohortQL.\n\
                      -- The statements are run in this order when the project is opened.\n";

const SET_SCHEMA: &str = "SET datafusion.catalog.default_schema = ";

/// Tells whether the file has changed: every write makes a new file.
type Stamp = Option<(SystemTime, u64, u64)>;

/// The file, and what it looked like when it was last read.
#[derive(Debug)]
pub(super) struct CatalogFile {
    folder: PathBuf,
    seen: Mutex<Option<Stamp>>,
}

/// The file under lock: nobody else writes it meanwhile.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    file: &'a CatalogFile,
    _lock: Lock,
}

impl CatalogFile {
    pub(super) fn in_project(project: &Path) -> Self {
        Self {
            folder: project.join(FOLDER),
            seen: Mutex::new(None),
        }
    }

    /// Whether the file is another than the one last read.
    pub(super) fn has_changed(&self) -> Result<bool, EngineError> {
        let stamp = self.stamp()?;
        Ok(*self.seen.lock().unwrap_or_else(PoisonError::into_inner) != Some(stamp))
    }

    /// Waits until nobody else writes the file.
    pub(super) fn lock(&self) -> Result<Locked<'_>, EngineError> {
        fs::create_dir_all(&self.folder)
            .map_err(|error| self.failed(&self.folder, "made", &error))?;
        Ok(Locked {
            _lock: Lock::take(&self.folder.join(LOCK))?,
            file: self,
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn stamp(&self) -> Result<Stamp, EngineError> {
        let path = self.path();
        match fs::metadata(&path) {
            Ok(metadata) => {
                let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                Ok(Some((modified, metadata.len(), identity(&metadata))))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&path, "read", &error)),
        }
    }

    /// The records.
    pub(super) fn read(&self) -> Result<Vec<Record>, EngineError> {
        let path = self.path();
        let stamp = self.stamp()?;
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(self.failed(&path, "read", &error)),
        };
        let records = records(&bytes).map_err(|(line, message)| EngineError::Catalog {
            message: format!(
                "{}, line {line}: {message}; nothing was changed: mend that line, or move the \
                 file away to start anew",
                path.display()
            ),
        })?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        Ok(records)
    }

    fn failed(&self, path: &Path, what: &str, error: &std::io::Error) -> EngineError {
        EngineError::Catalog {
            message: format!("{} cannot be {what}: {error}", path.display()),
        }
    }
}

impl Locked<'_> {
    /// Replaces the file: readers see the old one or the new one, and a crash leaves either.
    pub(super) fn write(&self, records: &[Record]) -> Result<(), EngineError> {
        let (file, path) = (self.file, self.file.path());
        let failed = |error: std::io::Error| file.failed(&path, "written", &error);
        let text = checked(records)?;
        let mut fresh = fresh_in(&file.folder, &path).map_err(failed)?;
        fresh.write_all(text.as_bytes()).map_err(failed)?;
        fresh.as_file().sync_all().map_err(failed)?;
        fresh.persist(&path).map_err(|error| failed(error.error))?;
        // The new name is safe once the folder is; not every system can say so of folders.
        if let Ok(folder) = File::open(&file.folder) {
            let _ = folder.sync_all();
        }
        let stamp = file.stamp()?;
        *file.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        Ok(())
    }
}

/// A file to take the place of `old`, which as many may read as may read that: temporary files
/// are their owner's alone.
#[cfg(unix)]
fn fresh_in(folder: &Path, old: &Path) -> std::io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    // What the process leaves of this is what every new file of its gets.
    let fresh = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    match fs::metadata(old) {
        Ok(metadata) => fresh.as_file().set_permissions(metadata.permissions())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(fresh)
}

/// A file to take the place of another.
#[cfg(not(unix))]
fn fresh_in(folder: &Path, _old: &Path) -> std::io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Tells one file from another of the same name, where the system can.
#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Tells one file from another of the same name, where the system can.
#[cfg(not(unix))]
fn identity(_metadata: &fs::Metadata) -> u64 {
    0
}

/// The records of a file's bytes, or the line that is wrong and why.
fn records(bytes: &[u8]) -> Result<Vec<Record>, (u64, String)> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        (
            u64::try_from(line).unwrap_or(u64::MAX),
            "not UTF-8 text".to_owned(),
        )
    })?;
    let statements = Statement::parse_all(text, STORED_RECURSION_LIMIT).map_err(|error| {
        (
            error.location().map_or(1, |(line, _)| line),
            error.to_string(),
        )
    })?;
    let mut path = SCHEMA.to_owned();
    let mut records = Vec::new();
    for statement in statements {
        let (line, _) = statement.location();
        if let Some(schema) = statement.text().strip_prefix(SET_SCHEMA) {
            path = unquoted(schema);
            continue;
        }
        let text = statement
            .text()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        match Record::of(statement, &path) {
            Ok(Some(record)) => records.push(record),
            Ok(None) => {
                let message = "expected CREATE SCHEMA, CREATE EXTERNAL TABLE or CREATE VIEW";
                return Err((line, format!("{message}, got {text:?}")));
            }
            Err(error) => return Err((line, error.to_string())),
        }
    }
    Ok(records)
}

/// The text of a quoted constant, or what is written without quotes.
fn unquoted(constant: &str) -> String {
    let inner = constant.strip_prefix('\'');
    match inner.and_then(|inner| inner.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => constant.to_owned(),
    }
}

/// The text of a catalog file with these records.
///
/// # Errors
/// When the text would not give the same records back, since then nobody could open the project.
fn checked(records: &[Record]) -> Result<String, EngineError> {
    let text = rendered(records);
    let unreadable = |why: String| EngineError::Unsupported {
        message: format!("the catalog cannot keep this statement: {why}"),
        location: None,
    };
    let again = self::records(text.as_bytes()).map_err(|(_, message)| unreadable(message))?;
    match again.len() == records.len() && again.iter().zip(records).all(|(a, b)| a.same_as(b)) {
        true => Ok(text),
        false => Err(unreadable("its text reads back as another one".to_owned())),
    }
}

fn rendered(records: &[Record]) -> String {
    let mut text = HEADER.to_owned();
    let mut path = SCHEMA;
    for record in records {
        if record.path() != path {
            path = record.path();
            let quoted = path.replace('\'', "''");
            text.push_str(&format!("\n{SET_SCHEMA}'{quoted}';\n"));
        }
        text.push_str(&format!("\n{};\n", record.statement().text()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let text = "CREATE SCHEMA shop;\nCREATE VIEW a AS\n  SELECT 1; -- one\n\
                    SET datafusion.catalog.default_schema = 'shop';\n\
                    CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'x';\n\
                    SET datafusion.catalog.default_schema = 'public';\nCREATE VIEW b AS SELECT 2;";
        let first = records(text.as_bytes()).unwrap();
        let names: Vec<_> = first.iter().map(Record::to_string).collect();
        assert_eq!(names, ["shop", "public.a", "shop.t", "public.b"]);
        let again = records(checked(&first).unwrap().as_bytes()).unwrap();
        assert!(
            first
                .iter()
                .zip(&again)
                .all(|(one, other)| one.same_as(other))
        );
        assert_eq!(rendered(&first), rendered(&again));
    }

    #[test]
    fn schemas_are_called_anything() {
        for name in ["'q'", "'", "a;b", "--", "it''s"] {
            let path = name.to_owned();
            let statement = Statement::parse_all("CREATE VIEW v AS SELECT 1", 50).unwrap();
            let record = Record::of(statement[0].clone(), &path).unwrap().unwrap();
            let text = checked(std::slice::from_ref(&record)).unwrap();
            let again = records(text.as_bytes()).unwrap();
            assert_eq!(again[0].schema(), name, "{text}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let deep = format!(
            "CREATE VIEW v AS SELECT {}1{}",
            "(".repeat(STORED_RECURSION_LIMIT + 1),
            ")".repeat(STORED_RECURSION_LIMIT + 1)
        );
        let statement = Statement::parse_all(&deep, 10 * STORED_RECURSION_LIMIT).unwrap();
        let record = Record::of(statement[0].clone(), SCHEMA).unwrap().unwrap();
        let error = checked(&[record]).unwrap_err().to_string();
        assert!(error.contains("nested too deeply"), "{error}");
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        let wrong = |text: &[u8]| records(text).unwrap_err();
        assert_eq!(
            wrong(b"CREATE VIEW a AS SELECT 1;\n\nCREATE VIEW b AS SELEC 2;").0,
            3
        );
        assert_eq!(wrong(b"CREATE VIEW a AS SELECT 1;\nDROP VIEW a;").0, 2);
        assert_eq!(wrong(b"-- fine\n\xff\xfe").0, 2);
    }
}
