//! The command line: what `cohortql` does with its arguments.

mod args;
mod backend;
mod check;
mod commands;
mod connection;
mod demo;
mod error;
mod functions;
mod generate;
mod init;
mod load;
mod manual;
mod open;
mod output;
mod progress;
mod project;
mod repl;
mod run;
mod serve;
mod shell;
mod sql;
mod user;

use std::io::{self, Write, stderr, stdout};
use std::process::ExitCode;

use clap::CommandFactory;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use args::{Arguments, Task};
use error::CliError;
use output::terminal::Colours;

/// Reads the arguments, does what they say, and reports an error on standard
/// error.
pub(crate) fn main() -> ExitCode {
    log();
    match Arguments::read().and_then(dispatch) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// `COHORTQL_LOG` says what is logged to standard error: nothing, unless it says.
fn log() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::OFF.into())
        .with_env_var("COHORTQL_LOG")
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .init();
}

fn dispatch(arguments: Arguments) -> Result<(), CliError> {
    let settings = arguments.settings;
    match arguments.command {
        None => run::run(&arguments.tables, &arguments.query, &settings),
        Some(Task::Serve(serve)) => serve::serve(&serve, &settings),
        Some(Task::User(user)) => user::run(&user, &settings),
        Some(Task::Init(init)) => init::run(&init, &settings),
        Some(Task::Run(run)) => project::run(&run, &settings),
        Some(Task::Test(test)) => project::test(&test, &settings),
        Some(Task::Build(run)) => project::build(&run, &settings),
        Some(Task::Snapshot(run)) => project::snapshot(&run, &settings),
        Some(Task::Retry(retry)) => project::retry(&retry, &settings),
        Some(Task::Watch(watch)) => project::watch(&watch, &settings),
        Some(Task::Docs(docs)) => project::docs(&docs, &settings),
        Some(Task::Clean(clean)) => project::clean(&clean, &settings),
        Some(Task::Ls(list)) => project::list(&list, &settings),
        Some(Task::Compile(compile)) => project::compile(&compile, &settings),
        Some(Task::Load(load)) => load::run(&load, &settings),
        Some(Task::Demo { serve, listen }) => {
            demo::run(serve.then_some(listen.as_str()), &settings)
        }
        Some(Task::Functions { name }) => {
            let look = run::look_of_stdout();
            print(functions::answer(name.as_deref(), look)?.as_bytes())
        }
        Some(Task::Generate(generate)) => generate::run(&generate),
        Some(Task::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "cohortql", &mut script);
            print(&script)
        }
        Some(Task::Man) => {
            let mut page = Vec::new();
            manual::render(Arguments::command(), &mut page)?;
            print(&page)
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut out = stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Writes an error to standard error, unless nobody wants to know.
fn report(error: &CliError) {
    if matches!(error, CliError::ReaderGone) {
        return;
    }
    let style = nu_ansi_term::Style::new();
    let style = if Colours::of_stderr().any() {
        style.bold().fg(nu_ansi_term::Color::Red)
    } else {
        style
    };
    let _: io::Result<()> = writeln!(stderr(), "{} {error}", style.paint("error:"));
}
