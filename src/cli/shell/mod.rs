//! The shell: runs scripts of statements and commands, for the REPL and without.

mod execute;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use tokio::runtime::Runtime;

use super::backend::Backend;
use super::commands;
use super::error::CliError;
use super::output::terminal::{self, Colours};
use super::output::{Destination, Format, Look};
use super::sql::script::{Item, split};
use execute::Outcome;

/// Scripts may run scripts, to this depth: a file that runs itself must end.
const DEEPEST: usize = 16;

/// Whether somebody is typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Says what has happened after each statement.
    Interactive,
    /// Says nothing but results.
    Batch,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Quit,
}

/// How answers are presented; commands change it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presentation {
    pub(crate) format: Format,
    /// Rows that a table shows; none means all.
    pub(crate) max_rows: Option<usize>,
    /// One value a line.
    pub(crate) expanded: bool,
    /// Says how long statements take.
    pub(crate) timing: bool,
}

/// Runs statements and commands against a backend.
pub(crate) struct Shell {
    pub(crate) runtime: Runtime,
    pub(crate) backend: Arc<Backend>,
    pub(crate) presentation: Presentation,
    manner: Manner,
    /// Where results go, if not to standard output.
    output: Option<Destination>,
    /// Results written to the present output.
    results: usize,
    /// How many scripts are running within each other.
    depth: usize,
    /// Whether names may have changed since somebody asked.
    names_changed: bool,
}

impl Shell {
    pub(crate) fn new(
        runtime: Runtime,
        backend: Backend,
        presentation: Presentation,
        manner: Manner,
    ) -> Self {
        Self {
            runtime,
            backend: Arc::new(backend),
            presentation,
            manner,
            output: None,
            results: 0,
            depth: 0,
            names_changed: true,
        }
    }

    /// Sends results to a file from now on, or to standard output again. The
    /// file that was open is complete then, if it holds a result.
    pub(crate) fn redirect(&mut self, path: Option<&Path>) -> Result<(), CliError> {
        let results = std::mem::take(&mut self.results);
        if let Some(open) = self.output.take() {
            match open.replaces() {
                Some(file) if results == 0 => {
                    self.say(&format!(
                        "nothing was written; {} is left as it was",
                        file.display()
                    ));
                }
                _ => open.finish()?,
            }
        }
        self.output = path.map(Destination::file).transpose()?;
        Ok(())
    }

    /// Runs a script file.
    pub(crate) fn run_file(&mut self, path: &Path) -> Result<Flow, CliError> {
        let script = fs::read_to_string(path).map_err(|source| CliError::CannotRead {
            path: path.to_owned(),
            source,
        })?;
        if self.depth == DEEPEST {
            let message = format!("{} runs itself, again and again", path.display());
            return Err(CliError::Usage(message));
        }
        self.depth += 1;
        let flow = self.run_script(&script, Some(&path.display().to_string()));
        self.depth -= 1;
        flow
    }

    /// Runs what `script` holds, up to the first error. `origin` names the
    /// script in errors.
    pub(crate) fn run_script(
        &mut self,
        script: &str,
        origin: Option<&str>,
    ) -> Result<Flow, CliError> {
        // Some editors begin a file with a byte order mark.
        let script = script.strip_prefix('\u{feff}').unwrap_or(script);
        for item in split(script) {
            match item {
                Item::Statement { text, start } => {
                    let ran = self.run_statement(text);
                    ran.map_err(|error| error.in_script(origin, script, start))?;
                }
                Item::Command { text, .. } => {
                    if commands::run(self, text)? == Flow::Quit {
                        return Ok(Flow::Quit);
                    }
                }
            }
        }
        Ok(Flow::Continue)
    }

    /// Runs one statement and writes its result.
    pub(crate) fn run_statement(&mut self, statement: &str) -> Result<(), CliError> {
        let outcome = self.deliver(|shell, to| shell.run_into(statement, to))?;
        self.results += usize::from(outcome.is_result());
        self.names_changed |= !outcome.is_result();
        self.report(&outcome);
        Ok(())
    }

    /// Writes rows that a command has made, all of them, as results are written.
    pub(crate) fn present(&mut self, rows: &RecordBatch) -> Result<(), CliError> {
        self.deliver(|shell, to| {
            let look = Look {
                max_rows: None,
                ..look(shell.presentation, to)
            };
            let format = shell.presentation.format;
            let mut writer = format.writer(rows.schema(), to, look)?;
            writer.write(rows)?;
            writer.finish()
        })?;
        self.results += 1;
        Ok(())
    }

    /// Lets `write` write one result to where results go. A result that breaks
    /// off halfway spoils the file that it went to, which is given up then.
    fn deliver<T>(
        &mut self,
        write: impl FnOnce(&Self, &mut Destination) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        self.check_format()?;
        let Some(mut file) = self.output.take() else {
            let mut standard = self.standard_output();
            let wrote = write(self, &mut standard)?;
            standard.finish()?;
            return Ok(wrote);
        };
        let before = file.written();
        let wrote = write(self, &mut file);
        match file.replaces() {
            Some(path) if wrote.is_err() && file.written() > before => {
                self.say(&format!(
                    "the result broke off: {} is left as it was, and results go to the screen",
                    path.display()
                ));
                self.results = 0;
            }
            _ => self.output = Some(file),
        }
        wrote
    }

    fn run_into(
        &self,
        statement: &str,
        destination: &mut Destination,
    ) -> Result<Outcome, CliError> {
        let format = self.presentation.format;
        if self.results > 0 && format == Format::Table && self.manner == Manner::Batch {
            writeln!(destination)?;
        }
        let look = look(self.presentation, destination);
        let work = execute::execute(&self.backend, statement, format, look, destination);
        let outcome = self.runtime.block_on(work);
        match outcome {
            // Formats wrap the error, so it can't be told by itself.
            Err(_) if destination.is_broken() => Err(CliError::ReaderGone),
            other => other,
        }
    }

    /// Whether names may have changed since this was last asked.
    pub(crate) fn take_names_changed(&mut self) -> bool {
        std::mem::take(&mut self.names_changed)
    }

    /// Says something that is no result.
    pub(crate) fn say(&self, text: &str) {
        if self.manner == Manner::Interactive {
            note(text);
        }
    }

    /// Where text that is a result of a command goes, such as a table of tables.
    pub(crate) fn show(&self, text: &str) -> Result<(), CliError> {
        let mut out = self.standard_output();
        out.write_all(text.as_bytes())?;
        out.finish()
    }

    /// How tables look on standard output.
    pub(crate) fn look(&self) -> Look {
        look(self.presentation, &Destination::stdout())
    }

    fn standard_output(&self) -> Destination {
        if self.presentation.format.is_binary() {
            Destination::stdout()
        } else {
            Destination::paged()
        }
    }

    /// Bytes must not go to a terminal, nor follow each other.
    fn check_format(&self) -> Result<(), CliError> {
        let format = self.presentation.format;
        if !format.is_binary() {
            return Ok(());
        }
        let name = format.name();
        if self.output.is_none() && stdout().is_terminal() {
            return Err(CliError::Usage(format!(
                "{name} is not text: send it to a file with -o FILE, or \\o FILE here"
            )));
        }
        if self.results > 0 {
            return Err(CliError::Usage(format!(
                "a {name} file holds one result, and this is the second: give each its own file"
            )));
        }
        Ok(())
    }

    fn report(&self, outcome: &Outcome) {
        if self.presentation.timing {
            note(&format!(
                "{outcome} · {:.3} s",
                outcome.elapsed.as_secs_f64()
            ));
        } else {
            self.say(&outcome.to_string());
        }
    }
}

fn look(presentation: Presentation, destination: &Destination) -> Look {
    let on_terminal = destination.is_terminal();
    let (width, _) = terminal::size();
    Look {
        colours: if on_terminal {
            Colours::of_stdout()
        } else {
            Colours::None
        },
        width: width.filter(|_| destination.is_standard()),
        max_rows: presentation.max_rows,
        expanded: presentation.expanded,
    }
}

/// Writes a line to standard error.
pub(crate) fn note(text: &str) {
    let style = nu_ansi_term::Style::new();
    let style = if Colours::of_stderr().any() {
        style.dimmed()
    } else {
        style
    };
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(stderr(), "{}", style.paint(text));
}
