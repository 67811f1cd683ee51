//! The commands of the shell that begin with a backslash.
//!
//! [`COMMANDS`] is the one table of them: parsing, completion, `\?` and the check
//! of `docs/cli.md` derive from it. A new command is a line there, an [`Action`]
//! and its arm in [`act`].

mod describe;
mod server;

use std::path::Path;

use super::error::CliError;
pub(crate) use describe::sql_type;

use super::functions;
use super::output::Format;
use super::shell::{Flow, Shell, note};
use clap::ValueEnum;

/// A command.
#[derive(Debug)]
pub(crate) struct Command {
    /// What follows the backslash.
    pub(crate) name: &'static str,
    /// How its argument is written, in brackets where it may be left out.
    pub(crate) argument: &'static str,
    pub(crate) help: &'static str,
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Describe,
    Tables,
    Functions,
    Expanded,
    Format,
    Rows,
    Timing,
    Output,
    Include,
    Queries,
    Cancel,
    Help,
    Quit,
}

#[rustfmt::skip]
pub(crate) static COMMANDS: &[Command] = &[
    Command { name: "d", argument: "[TABLE]", help: "the columns of a table; without one, all tables", action: Action::Describe },
    Command { name: "dt", argument: "", help: "all tables and views", action: Action::Tables },
    Command { name: "df", argument: "[NAME]", help: "a function's documentation; without a name, a list", action: Action::Functions },
    Command { name: "x", argument: "", help: "one value a line, every row and column; again for tables", action: Action::Expanded },
    Command { name: "format", argument: "[FORMAT]", help: "table, csv, tsv, json, ndjson, markdown, parquet or arrow", action: Action::Format },
    Command { name: "rows", argument: "[N]", help: "how many rows a table shows; 0 for all", action: Action::Rows },
    Command { name: "timing", argument: "", help: "how long statements take; again for silence", action: Action::Timing },
    Command { name: "o", argument: "[FILE]", help: "write results to a file; without one, to the screen again", action: Action::Output },
    Command { name: "i", argument: "FILE", help: "run a script", action: Action::Include },
    Command { name: "queries", argument: "", help: "what the connected server is running", action: Action::Queries },
    Command { name: "cancel", argument: "ID", help: "cancel one of those", action: Action::Cancel },
    Command { name: "?", argument: "", help: "this list", action: Action::Help },
    Command { name: "q", argument: "", help: "quit, as Ctrl-D does", action: Action::Quit },
];

/// Runs the command that `line` holds, without its backslash.
pub(crate) fn run(shell: &mut Shell, line: &str) -> Result<Flow, CliError> {
    let (command, argument) = parse(line)?;
    if command.action == Action::Quit {
        return Ok(Flow::Quit);
    }
    if command.action == Action::Include {
        return shell.run_file(Path::new(&required(command, argument)?));
    }
    act(shell, command, argument)?;
    Ok(Flow::Continue)
}

/// The command of a line, and its argument without quotes and semicolon.
fn parse(line: &str) -> Result<(&'static Command, Option<String>), CliError> {
    let line = line.trim().trim_end_matches(';').trim_end();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(CliError::Usage(format!(
            "there is no command \\{name}; \\? lists the commands"
        )));
    };
    let argument = rest.trim();
    if command.argument.is_empty() && !argument.is_empty() {
        return Err(CliError::Usage(format!(
            "\\{name} takes no argument, got {argument:?}"
        )));
    }
    let unquoted = argument
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or(argument);
    Ok((command, (!unquoted.is_empty()).then(|| unquoted.to_owned())))
}

fn required(command: &Command, argument: Option<String>) -> Result<String, CliError> {
    argument.ok_or_else(|| {
        let Command { name, argument, .. } = command;
        CliError::Usage(format!("\\{name} needs an argument: \\{name} {argument}"))
    })
}

fn act(shell: &mut Shell, command: &Command, argument: Option<String>) -> Result<(), CliError> {
    match command.action {
        Action::Describe => match argument {
            Some(table) => describe::columns(shell, &table),
            None => describe::tables(shell),
        },
        Action::Tables => describe::tables(shell),
        Action::Functions => {
            let text = functions::answer(argument.as_deref(), shell.look())?;
            shell.show(&text)
        }
        Action::Expanded => {
            let expanded = !shell.presentation.expanded;
            shell.presentation.expanded = expanded;
            shell.say(if expanded {
                "one value a line"
            } else {
                "tables"
            });
            Ok(())
        }
        Action::Format => set_format(shell, argument.as_deref()),
        Action::Rows => set_rows(shell, argument.as_deref()),
        Action::Timing => {
            let timing = !shell.presentation.timing;
            shell.presentation.timing = timing;
            shell.say(if timing {
                "timing is on"
            } else {
                "timing is off"
            });
            Ok(())
        }
        Action::Output => {
            shell.redirect(argument.as_deref().map(Path::new))?;
            match argument {
                Some(path) => shell.say(&format!("results go to {path}; \\o ends it")),
                None => shell.say("results go to the screen"),
            }
            Ok(())
        }
        Action::Queries => server::queries(shell),
        Action::Cancel => server::cancel(shell, &required(command, argument)?),
        Action::Help => shell.show(&help()),
        Action::Include | Action::Quit => Ok(()),
    }
}

fn set_format(shell: &mut Shell, name: Option<&str>) -> Result<(), CliError> {
    let Some(name) = name else {
        shell.say(shell.presentation.format.name());
        return Ok(());
    };
    shell.presentation.format = Format::from_str(name, true).map_err(|_| {
        let formats = Format::value_variants().iter().map(|format| format.name());
        let formats = formats.collect::<Vec<_>>().join(", ");
        CliError::Usage(format!("format must be one of {formats}, got {name:?}"))
    })?;
    Ok(())
}

fn set_rows(shell: &mut Shell, rows: Option<&str>) -> Result<(), CliError> {
    let Some(rows) = rows else {
        match shell.presentation.max_rows {
            Some(rows) => note(&format!("tables show {rows} rows")),
            None => note("tables show all rows"),
        }
        return Ok(());
    };
    let rows: usize = rows.parse().map_err(|_| {
        CliError::Usage(format!(
            "\\rows takes a number of rows, 0 for all, got {rows:?}"
        ))
    })?;
    shell.presentation.max_rows = (rows > 0).then_some(rows);
    Ok(())
}

/// What `\?` shows.
fn help() -> String {
    let usage = |command: &Command| format!("\\{} {}", command.name, command.argument);
    let width = COMMANDS.iter().map(|command| usage(command).len()).max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for command in COMMANDS {
        text.push_str(&format!("  {:<width$}  {}\n", usage(command), command.help));
    }
    text.push_str(concat!(
        "\nA statement ends with a semicolon and may take several lines. Tab completes, Ctrl-R\n",
        "searches the history, Ctrl-C cancels a running query and keeps the session.\n",
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Action, Option<String>), String> {
        parse(line)
            .map(|(command, argument)| (command.action, argument))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_lose_their_quotes_and_semicolons() {
        assert_eq!(parsed("dt;"), Ok((Action::Tables, None)));
        assert_eq!(
            parsed("d  orders ; "),
            Ok((Action::Describe, Some("orders".to_owned())))
        );
        assert_eq!(
            parsed("i 'my file.sql'"),
            Ok((Action::Include, Some("my file.sql".to_owned())))
        );
        assert_eq!(parsed("o"), Ok((Action::Output, None)));
    }

    #[test]
    fn what_is_no_command_says_so() {
        assert_eq!(
            parsed("foo bar"),
            Err("there is no command \\foo; \\? lists the commands".to_owned())
        );
        assert_eq!(
            parsed("timing on"),
            Err("\\timing takes no argument, got \"on\"".to_owned())
        );
        let error = required(parse("i").unwrap().0, None).unwrap_err();
        assert_eq!(error.to_string(), "\\i needs an argument: \\i FILE");
    }

    #[test]
    fn names_are_unique_and_all_are_in_the_help() {
        let help = help();
        for command in COMMANDS {
            let same = COMMANDS.iter().filter(|other| other.name == command.name);
            assert_eq!(same.count(), 1, "{}", command.name);
            assert!(help.contains(command.help));
        }
    }

    #[test]
    fn every_command_is_in_the_manual() {
        let manual = include_str!("../../../docs/cli.md");
        for Command { name, argument, .. } in COMMANDS {
            let usage = format!("`\\{name} {argument}`").replace(" `", "`");
            assert!(manual.contains(&usage), "docs/cli.md lacks {usage}");
        }
    }
}
