//! Where results go: standard output, the pager before it, or a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write, stdout};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::pager::Paged;
use super::terminal;
use crate::cli::error::CliError;

/// An open place to write results to.
pub(crate) struct Destination {
    kind: Kind,
    /// Bytes taken so far.
    written: u64,
    /// The reader has gone away; nothing more need be written or said.
    is_broken: bool,
}

enum Kind {
    Stdout(BufWriter<Stdout>),
    Paged(Paged),
    /// Written beside the target and renamed when complete, so that a failure
    /// leaves what was there before.
    NewFile {
        file: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
    /// A device or a pipe, which can't be replaced.
    Device(BufWriter<File>),
}

impl Destination {
    /// Standard output, as it comes.
    pub(crate) fn stdout() -> Self {
        Self::new(Kind::Stdout(BufWriter::with_capacity(1 << 16, stdout())))
    }

    /// Standard output through a pager if that is a terminal and too small.
    pub(crate) fn paged() -> Self {
        match terminal::size() {
            (Some(width), Some(height)) if stdout().is_terminal() => {
                Self::new(Kind::Paged(Paged::new(width, height)))
            }
            _ => Self::stdout(),
        }
    }

    /// The file at `path`.
    pub(crate) fn file(path: &Path) -> Result<Self, CliError> {
        let failed = |source| CliError::CannotWrite {
            path: path.to_owned(),
            source,
        };
        if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            return Err(failed(ErrorKind::IsADirectory.into()));
        }
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            let device = File::options().write(true).open(path).map_err(failed)?;
            return Ok(Self::new(Kind::Device(BufWriter::new(device))));
        }
        let path = linked(path);
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let file = new_file_in(folder).map_err(failed)?;
        if let Ok(replaced) = fs::metadata(&path) {
            let permissions = file.as_file().set_permissions(replaced.permissions());
            permissions.map_err(failed)?;
        }
        Ok(Self::new(Kind::NewFile {
            file: BufWriter::with_capacity(1 << 16, file),
            path,
        }))
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            written: 0,
            is_broken: false,
        }
    }

    /// Whether it is standard output, through a pager or not.
    pub(crate) fn is_standard(&self) -> bool {
        matches!(self.kind, Kind::Stdout(_) | Kind::Paged(_))
    }

    /// Whether bytes end up on a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        match &self.kind {
            Kind::Stdout(_) | Kind::Paged(_) => stdout().is_terminal(),
            Kind::NewFile { .. } => false,
            Kind::Device(file) => file.get_ref().is_terminal(),
        }
    }

    /// Bytes that results have given it so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The file that [`Self::finish`] puts in its place; dropped without that, it leaves the
    /// place as it was.
    pub(crate) fn replaces(&self) -> Option<&Path> {
        match &self.kind {
            Kind::NewFile { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether the reader has gone away.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Writes what is held back and puts a file in its place.
    pub(crate) fn finish(self) -> Result<(), CliError> {
        let flushed = match self.kind {
            Kind::Stdout(mut out) => out.flush(),
            Kind::Paged(paged) => paged.finish(),
            Kind::Device(mut out) => out.flush(),
            Kind::NewFile { file, path } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                let persisted = file.persist(&path).map(|_| ());
                return persisted.map_err(|failed| CliError::CannotWrite {
                    path,
                    source: failed.error,
                });
            }
        };
        flushed.map_err(CliError::from)
    }
}

/// Symbolic links that are followed to the file to write.
const LINKS: usize = 40;

/// Where the links at `path` lead: it is their target that is replaced, and not the link.
fn linked(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    path
}

/// A temporary file with the permissions that a new file would have.
fn new_file_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cohortql-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.kind {
            Kind::Stdout(out) => out.write(bytes),
            Kind::Paged(out) => out.write(bytes),
            Kind::NewFile { file, .. } => file.write(bytes),
            Kind::Device(out) => out.write(bytes),
        };
        self.written += result.as_ref().map_or(0, |taken| *taken as u64);
        self.noticed(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.kind {
            Kind::Stdout(out) => out.flush(),
            Kind::Paged(out) => out.flush(),
            Kind::NewFile { file, .. } => file.flush(),
            Kind::Device(out) => out.flush(),
        };
        self.noticed(result)
    }
}

impl Destination {
    /// Remembers that the reader is gone: formats wrap the error beyond
    /// recognition.
    fn noticed<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.is_broken |= error.kind() == ErrorKind::BrokenPipe;
        }
        result
    }
}
