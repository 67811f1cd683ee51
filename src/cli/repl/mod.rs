//! The shell that people type into.

mod completer;
mod editor;
mod highlighter;
mod names;
mod prompt;
mod suggest;

use std::io::{Write, stderr};

use reedline::Signal;

use super::error::CliError;
use super::output::terminal::Colours;
use super::shell::{Flow, Shell, note};
use names::SharedNames;
use prompt::ShellPrompt;

/// Reads and runs until the user has had enough.
pub(crate) fn run(shell: &mut Shell) -> Result<(), CliError> {
    note(&greeting(shell));
    let names = SharedNames::default();
    let mut editor = editor::editor(&names);
    let prompt = ShellPrompt::new(shell.backend.remote().map(|remote| remote.address()));
    let mut keeps_history = true;
    loop {
        if shell.take_names_changed() {
            names.refresh(&shell.runtime, &shell.backend);
        }
        let typed = match editor.read_line(&prompt)? {
            Signal::Success(typed) => typed,
            Signal::CtrlD => return Ok(()),
            _ => continue,
        };
        // Kept even if what follows never ends.
        if let Err(error) = editor.sync_history()
            && keeps_history
        {
            note(&format!("the history cannot be written: {error}"));
            keeps_history = false;
        }
        match handle(shell, &typed) {
            Ok(Flow::Continue) | Err(CliError::ReaderGone) => {}
            Ok(Flow::Quit) => return Ok(()),
            Err(CliError::Interrupted) => note("cancelled"),
            Err(error) => complain(&error),
        }
    }
}

fn handle(shell: &mut Shell, typed: &str) -> Result<Flow, CliError> {
    match typed.trim() {
        "quit" | "exit" => Ok(Flow::Quit),
        "help" => shell.run_script("\\?", None),
        _ => shell.run_script(typed, None),
    }
}

/// Whether Enter runs what has been typed instead of beginning a new line.
fn is_finished(typed: &str) -> bool {
    matches!(typed.trim(), "quit" | "exit" | "help") || super::sql::script::is_finished(typed)
}

fn greeting(shell: &Shell) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let place = match shell.backend.remote() {
        Some(remote) => format!(" at {}", remote.address()),
        None => String::new(),
    };
    format!("CohortQL {version}{place} · \\? for help, \\dt for tables, Ctrl-D to leave")
}

fn complain(error: &CliError) {
    let style = nu_ansi_term::Style::new();
    let style = if Colours::of_stderr().any() {
        style.fg(nu_ansi_term::Color::Red)
    } else {
        style
    };
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(stderr(), "{} {error}", style.paint("error:"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_leave_need_no_semicolon() {
        assert!(is_finished("quit") && is_finished(" exit ") && is_finished("help"));
        assert!(!is_finished("quit now") && is_finished("select 1;"));
    }
}
