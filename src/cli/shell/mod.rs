//! The shell: runs scripts of statements and commands, for the REPL and without.

mod execute;

use std::fs;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::sync::Arc;

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
    /// file that was open is complete then.
    pub(crate) fn redirect(&mut self, path: Option<&Path>) -> Result<(), CliError> {
        if let Some(open) = self.output.take() {
            open.finish()?;
        }
        self.results = 0;
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
        self.check_format()?;
        let redirected = self.output.take();
        let is_redirected = redirected.is_some();
        let mut destination = redirected.unwrap_or_else(|| self.standard_output());
        let ran = self.run_into(statement, &mut destination);
        if is_redirected {
            self.output = Some(destination);
        } else if ran.is_ok() {
            destination.finish()?;
        }
        let outcome = ran?;
        self.results += usize::from(outcome.is_result());
        self.names_changed |= !outcome.is_result();
        self.report(&outcome);
        Ok(())
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
