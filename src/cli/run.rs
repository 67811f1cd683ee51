//! `cohortql [PATH…]`: the shell, or the SQL of `-c`, `-f` and standard input.

use std::io::{IsTerminal, Read, stdin};
use std::path::Path;

use super::args::{Query, Settings, Tables};
use super::error::CliError;
use super::output::terminal::{self, Colours};
use super::output::{Format, Look};
use super::shell::{Flow, Manner, Presentation, Shell};
use super::{open, repl};

/// Runs what the arguments ask for.
pub(crate) fn run(tables: &Tables, query: &Query, settings: &Settings) -> Result<(), CliError> {
    let is_batch = !query.commands.is_empty() || query.file.is_some() || !stdin().is_terminal();
    let runtime = open::runtime()?;
    let backend = open::backend(settings, tables, &query.connection);
    let backend = runtime.block_on(backend)?;
    let manner = if is_batch {
        Manner::Batch
    } else {
        Manner::Interactive
    };
    let mut shell = Shell::new(runtime, backend, presentation(query), manner);
    shell.redirect(query.output.as_deref())?;
    if is_batch {
        run_batch(&mut shell, query)?;
    } else {
        repl::run(&mut shell)?;
    }
    shell.redirect(None)
}

fn run_batch(shell: &mut Shell, query: &Query) -> Result<(), CliError> {
    for sql in &query.commands {
        if shell.run_script(sql, None)? == Flow::Quit {
            return Ok(());
        }
    }
    let from_stdin = query
        .file
        .as_deref()
        .is_none_or(|file| file == Path::new("-"));
    if let Some(file) = query.file.as_deref().filter(|_| !from_stdin) {
        shell.run_file(file)?;
    } else if query.commands.is_empty() {
        let mut script = String::new();
        stdin().read_to_string(&mut script)?;
        shell.run_script(&script, Some("standard input"))?;
    }
    Ok(())
}

fn presentation(query: &Query) -> Presentation {
    let of_file = query.output.as_deref().and_then(Format::of_file);
    Presentation {
        format: query.format.or(of_file).unwrap_or(Format::Table),
        max_rows: (query.max_rows > 0).then_some(query.max_rows),
        expanded: false,
        timing: false,
    }
}

/// How text looks on standard output when there is no shell.
pub(crate) fn look_of_stdout() -> Look {
    Look {
        colours: Colours::of_stdout(),
        width: terminal::size().0,
        max_rows: None,
        expanded: false,
    }
}
