//! `cohortql generate`: made-up data to try things on, the same for the same arguments.

mod batches;
mod catalogue;
mod events;
mod random;
mod sink;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::error::CliError;
use events::{Event, Events};
use sink::Sink;

/// Rows that are made before they are written.
const BATCH: usize = 16_384;

/// The seed unless another is given.
const SEED: u64 = 42;

/// What to make.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(subcommand)]
    data: Data,
}

#[derive(Debug, Subcommand)]
enum Data {
    /// Views, carts and purchases of a web shop over half a year, a file a month
    Events(EventOptions),
}

#[derive(Debug, Args)]
struct EventOptions {
    /// How many events, such as 20M
    #[arg(long, value_name = "N", value_parser = count)]
    rows: u64,

    /// The folder to write to; it is made if need be
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// The format of the files
    #[arg(long, value_name = "FORMAT", default_value = "parquet")]
    format: FileFormat,

    /// Another seed gives other events
    #[arg(long, value_name = "SEED", default_value_t = SEED)]
    seed: u64,
}

/// What generated files can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Parquet,
    Csv,
}

impl FileFormat {
    fn ending(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// Makes what the arguments ask for.
pub(crate) fn run(generate: &Generate) -> Result<(), CliError> {
    let Data::Events(options) = &generate.data;
    write_events(options)
}

/// Makes events in Parquet files of a folder, always the same ones.
pub(crate) fn sample_events(rows: u64, folder: &Path) -> Result<(), CliError> {
    write_events(&EventOptions {
        rows,
        out: folder.to_path_buf(),
        format: FileFormat::Parquet,
        seed: SEED,
    })
}

fn write_events(options: &EventOptions) -> Result<(), CliError> {
    make_folder(&options.out)?;
    let mut events = Events::new(options.rows, options.seed).peekable();
    let mut rows: Vec<Event> = Vec::with_capacity(BATCH);
    let mut file: Option<(String, Sink)> = None;
    while let Some(next) = events.peek() {
        let month = month(next.time_seconds);
        rows.clear();
        while rows.len() < BATCH
            && let Some(event) = events.next_if(|event| self::month(event.time_seconds) == month)
        {
            rows.push(event);
        }
        if file.as_ref().is_none_or(|(open, _)| *open != month) {
            finish(file.take())?;
            let name = format!("events-{month}");
            let sink = Sink::create(&options.out, &name, options.format, batches::schema())?;
            file = Some((month, sink));
        }
        if let Some((_, sink)) = &mut file {
            sink.write(&batches::batch(&rows)?)?;
        }
    }
    finish(file)
}

fn finish(file: Option<(String, Sink)>) -> Result<(), CliError> {
    match file {
        Some((_, sink)) => sink.finish(),
        None => Ok(()),
    }
}

fn make_folder(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|source| CliError::CannotWrite {
        path: folder.to_path_buf(),
        source,
    })
}

/// `2019-10`, of seconds since 1970.
fn month(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0)
        .map(|time| time.format("%Y-%m").to_string())
        .unwrap_or_default()
}

/// A count, in thousands with a K after it and in millions with an M.
fn count(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let (number, factor) = match digits.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1_000),
        None => match digits.strip_suffix(['m', 'M']) {
            Some(number) => (number, 1_000_000),
            None => (digits.as_str(), 1),
        },
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("expected a count such as 20000, 20K or 20M, got {text:?}"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| format!("{text} is too many"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_may_be_in_millions() {
        assert_eq!(count("20M"), Ok(20_000_000));
        assert_eq!(count("1_500k"), Ok(1_500_000));
        assert_eq!(count("7"), Ok(7));
        assert!(count("some").is_err());
        assert!(count("99999999999999999M").is_err());
    }

    #[test]
    fn the_same_arguments_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, format| {
            let out = folder.path().join(name);
            let options = EventOptions {
                rows: 3_000,
                out: out.clone(),
                format,
                seed: 5,
            };
            run(&Generate {
                data: Data::Events(options),
            })
            .unwrap();
            let mut files: Vec<PathBuf> = std::fs::read_dir(out)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            files.sort();
            files
        };
        for format in [FileFormat::Parquet, FileFormat::Csv] {
            let (one, two) = (make("one", format), make("two", format));
            assert!(one.len() >= 6);
            for (one, two) in one.iter().zip(&two) {
                assert_eq!(one.file_name(), two.file_name());
                assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap());
            }
        }
    }
}
