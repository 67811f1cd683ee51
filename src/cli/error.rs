//! What the command line reports, and where in the SQL it points.

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use cohortql_engine::EngineError;
use cohortql_server::{ClientError, ServerError};
use parquet::errors::ParquetError;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of SQL shown on either side of the place of an error.
const CONTEXT: usize = 60;

/// Anything that ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An error in a statement, with the lines around it.
    #[error("{0}")]
    InSql(String),
    #[error("cannot read {}: {source}", path.display())]
    CannotRead { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    CannotWrite { path: PathBuf, source: io::Error },
    /// A flag or a command of the shell that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A project, or a choice of its models, that makes no sense.
    #[error(transparent)]
    Project(EngineError),
    /// Models that were not built.
    #[error("{0}")]
    NotBuilt(String),
    #[error("cancelled")]
    Interrupted,
    /// Whoever read the results wants no more of them.
    #[error("the reader of the results has gone")]
    ReaderGone,
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Io(error),
        }
    }
}

impl CliError {
    /// The exit code of a program that ends with this.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // What a shell reports for a program that Ctrl-C ended.
            Self::Interrupted => 130,
            Self::Project(_) => 2,
            // `cohortql … | head` is no mistake.
            Self::ReaderGone => 0,
            _ => 1,
        }
    }

    /// The error with the line of `script` that it is about, if it is known:
    /// the statement begins at byte `start` of it.
    pub(crate) fn in_script(self, origin: Option<&str>, script: &str, start: usize) -> Self {
        let place = match &self {
            Self::Engine(error) => error.location(),
            Self::Client(error) => error.location(),
            _ => None,
        };
        let at = place.and_then(|place| byte_of(script, start, place));
        match (at, origin) {
            (Some(at), _) => Self::InSql(pointed(&self.to_string(), origin, script, at)),
            (None, Some(origin)) => {
                let line = 1 + script[..start].matches('\n').count();
                Self::InSql(format!(
                    "{self}\n  in {origin}, in the statement of line {line}"
                ))
            }
            (None, None) => self,
        }
    }
}

/// The byte of `script` at a line and column, both from 1 and counted in
/// characters, of the statement that begins at byte `start`.
fn byte_of(script: &str, start: usize, place: (u64, u64)) -> Option<usize> {
    let statement = script.get(start..)?;
    let (line, column) = (
        usize::try_from(place.0).ok()?,
        usize::try_from(place.1).ok()?,
    );
    let mut begin = start;
    let mut lines = statement.split_inclusive('\n');
    for _ in 1..line {
        begin += lines.next()?.len();
    }
    let text = lines.next().unwrap_or("");
    let before = text.chars().take(column.saturating_sub(1));
    Some(begin + before.map(char::len_utf8).sum::<usize>())
}

/// The message, the place, the line and a caret under the place.
fn pointed(message: &str, origin: Option<&str>, script: &str, at: usize) -> String {
    let begin = script[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = script[at..]
        .find('\n')
        .map_or(script.len(), |newline| at + newline);
    let line = 1 + script[..begin].matches('\n').count();
    let (before, after) = (&script[begin..at], &script[at..end]);
    let column = 1 + before.chars().count();
    let place = match origin {
        Some(origin) => format!("{origin}:{line}:{column}"),
        None => format!("line {line}, column {column}"),
    };
    let before = last_columns(&before.replace('\t', " "));
    let after = first_columns(&after.replace('\t', " "));
    let margin = " ".repeat(line.to_string().len());
    let indent = " ".repeat(before.width());
    format!(
        "{message}\n{margin}--> {place}\n{margin} |\n{line} | {before}{after}\n{margin} | {indent}^"
    )
}

fn first_columns(text: &str) -> String {
    let mut room = CONTEXT;
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    let kept: String = text.trim_end().chars().take_while(fits).collect();
    if kept.len() < text.trim_end().len() {
        return format!("{kept}…");
    }
    kept
}

fn last_columns(text: &str) -> String {
    let total = text.chars().count();
    if text.width() <= CONTEXT {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(total.saturating_sub(CONTEXT)).collect();
    format!("…{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(line: u64, column: u64) -> CliError {
        CliError::Engine(EngineError::NotFound {
            message: "no column \"amont\"".to_owned(),
            location: Some((line, column)),
        })
    }

    #[test]
    fn the_caret_is_under_the_place_in_the_script() {
        let script = "select 1;\nselect\n\t'数', amont from orders;";
        let start = script.find("select\n").unwrap();
        let error = missing(2, 7).in_script(Some("report.sql"), script, start);
        let expected = concat!(
            "no column \"amont\"\n",
            " --> report.sql:3:7\n",
            "  |\n",
            "3 |  '数', amont from orders;\n",
            "  |        ^",
        );
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let script = format!("select {} amont {}", "a, ".repeat(100), "b ".repeat(100));
        let column = script.find("amont").unwrap() as u64 + 1;
        let text = missing(1, column).in_script(None, &script, 0).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], " --> line 1, column 309");
        let caret = lines[4].chars().count() - 1;
        let pointed: String = lines[3].chars().skip(caret).take(5).collect();
        assert_eq!(pointed, "amont");
        assert!(lines[3].chars().count() < 140);
    }

    #[test]
    fn without_a_place_the_statement_of_a_file_is_named() {
        let error = CliError::Engine(EngineError::Cancelled).in_script(Some("a.sql"), "\n\nx", 2);
        assert!(
            error
                .to_string()
                .ends_with("in a.sql, in the statement of line 3")
        );
        let error = CliError::Interrupted.in_script(None, "x", 0);
        assert_eq!(error.exit_code(), 130);
    }
}
