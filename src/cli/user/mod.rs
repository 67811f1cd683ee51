//! `cohortql user`: who may connect to the server, as `cohortql.toml` has it.

mod add;
mod file;
mod list;
mod secrets;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::Settings;
use super::error::CliError;
use super::{open, print};

/// The users of a configuration.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Add a user to cohortql.toml; the password is asked for, or read from standard input
    #[command(after_help = "\
Examples:
  cohortql user add ada --role analyst
  cohortql user add etl --role loader --no-password --token nightly --expires 2030-01-31")]
    Add(Add),
    /// Make the hash of a password, for cohortql.toml; it is asked for, or read from standard input
    Hash,
    /// List the users of cohortql.toml
    List,
}

/// A new user.
#[derive(Debug, Args)]
struct Add {
    /// The user's name
    #[arg(value_name = "NAME")]
    name: String,

    /// A role of cohortql.toml; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,

    /// Make a token as well, called so; it is shown once, and never again
    #[arg(long, value_name = "NAME")]
    token: Option<String>,

    /// Until when the token is good: a date, or a moment such as 2030-01-31T18:00:00Z
    #[arg(long, value_name = "DATE", requires = "token")]
    expires: Option<String>,

    /// A name in the client certificate that the user comes with
    #[arg(long, value_name = "NAME")]
    certificate: Option<String>,

    /// Let the user come with a token or a certificate only
    #[arg(long)]
    no_password: bool,
}

/// Does what the arguments say.
pub(crate) fn run(user: &User, settings: &Settings) -> Result<(), CliError> {
    match &user.task {
        Task::Add(add) => add::add(add, &file(settings)?),
        Task::Hash => {
            let hash = cohortql_server::hash_password(&secrets::new_password("Password: ")?)?;
            print(format!("{}\n", hash.as_str()).as_bytes())
        }
        Task::List => list::list(&file(settings)?),
    }
}

/// The configuration file: the one there is, else the one that the project or the working folder
/// would have.
fn file(settings: &Settings) -> Result<PathBuf, CliError> {
    if let Some(found) = open::find_config(settings)? {
        return Ok(found);
    }
    Ok(match &settings.project {
        Some(folder) => folder.join(open::CONFIG_FILE),
        None => PathBuf::from(open::CONFIG_FILE),
    })
}
