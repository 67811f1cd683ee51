//! A file that is put aside when it is large: `audit.json`, `audit.json.1`, `audit.json.2` …
//!
//! The crates that do this drop what they cannot write. An audit must not, so that every failure is
//! an error here, and whole records only are written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Only the server's own user reads what others did.
const MODE: u32 = 0o600;

/// An open file and those that were put aside.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    largest: u64,
    kept: usize,
}

impl RotatingFile {
    /// Opens the file, or makes it, to append to. It is put aside once it has `largest` bytes, and
    /// `kept` of those put aside are kept.
    pub(super) fn open(path: &Path, largest: u64, kept: usize) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(MODE)
            .open(path)?;
        Ok(Self {
            path: path.to_owned(),
            bytes: file.metadata()?.len(),
            file,
            largest,
            kept,
        })
    }

    /// Whether such a file could be opened and put aside. Leaves nothing behind.
    pub(super) fn check(path: &Path) -> io::Result<()> {
        if path.exists() {
            OpenOptions::new().append(true).open(path)?;
        }
        // To be put aside and made anew it takes the folder's consent too.
        let name = format!(".cohortql-{}", uuid::Uuid::new_v4());
        let beside = path.with_file_name(name);
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(MODE)
            .open(&beside)?;
        std::fs::remove_file(beside)
    }

    /// Appends a record, whole.
    pub(super) fn append(&mut self, record: &[u8]) -> io::Result<()> {
        if !self.is_in_place() {
            *self = Self::open(&self.path, self.largest, self.kept)?;
        }
        if self.bytes > 0 && self.bytes + record.len() as u64 > self.largest {
            self.rotate()?;
        }
        if let Err(error) = self.file.write_all(record) {
            // What was written of it must not stand before the next one.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += record.len() as u64;
        Ok(())
    }

    /// Whether the path still leads to the open file: somebody may have moved it away.
    fn is_in_place(&self) -> bool {
        let there = std::fs::metadata(&self.path);
        match (there, self.file.metadata()) {
            (Ok(there), Ok(open)) => (there.dev(), there.ino()) == (open.dev(), open.ino()),
            _ => false,
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.kept).rev() {
            let from = self.aside(number);
            if from.exists() {
                std::fs::rename(from, self.aside(number + 1))?;
            }
        }
        match self.kept {
            0 => std::fs::remove_file(&self.path)?,
            _ => std::fs::rename(&self.path, self.aside(1))?,
        }
        *self = Self::open(&self.path, self.largest, self.kept)?;
        Ok(())
    }

    fn aside(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("cohortql-{}", uuid::Uuid::new_v4()));
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn read(&self, name: &str) -> Option<String> {
            std::fs::read_to_string(self.0.join(name)).ok()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_are_put_aside_and_the_oldest_go() {
        let folder = Folder::new();
        let path = folder.0.join("audit.json");
        let mut file = RotatingFile::open(&path, 10, 2).unwrap();
        for number in 1..=9 {
            file.append(format!("rec {number}\n").as_bytes()).unwrap();
        }
        assert_eq!(folder.read("audit.json").as_deref(), Some("rec 9\n"));
        assert_eq!(folder.read("audit.json.1").as_deref(), Some("rec 8\n"));
        assert_eq!(folder.read("audit.json.2").as_deref(), Some("rec 7\n"));
        assert_eq!(folder.read("audit.json.3"), None);
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_again_and_one_that_is_there_goes_on() {
        let folder = Folder::new();
        let path = folder.0.join("audit.json");
        std::fs::write(&path, "before\n").unwrap();
        let mut file = RotatingFile::open(&path, 1_000, 2).unwrap();
        file.append(b"one\n").unwrap();
        std::fs::rename(&path, folder.0.join("taken")).unwrap();
        file.append(b"two\n").unwrap();
        assert_eq!(folder.read("taken").as_deref(), Some("before\none\n"));
        assert_eq!(folder.read("audit.json").as_deref(), Some("two\n"));
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let folder = Folder::new();
        let path = folder.0.join("missing").join("audit.json");
        assert!(RotatingFile::open(&path, 10, 1).is_err());
        assert!(RotatingFile::check(&path).is_err());
        assert!(
            RotatingFile::check(&folder.0).is_err(),
            "a folder is no file"
        );
        RotatingFile::check(&folder.0.join("audit.json")).unwrap();
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    }
}
