//! The command line: one definition from which parsing, help, completions and
//! the man page derive.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell as CompletionShell;

use super::connection::Connection;
use super::error::CliError;
use super::generate::Generate;
use super::init::Init;
use super::load::Load;
use super::output::Format;
use super::project::{Clean, Compile, Docs, List, Retry, Run, Test, Watch};
use super::user::User;

/// Examples under `--help`.
const EXAMPLES: &str = "\
Examples:
  cohortql demo                                   a tour on shipped data
  cohortql orders.csv events.parquet              ask your own files
  cohortql orders.csv -c 'select count(*) from orders'
  cohortql s3://shop/orders/ -f report.sql --format csv -o report.csv
  echo 'select 1' | cohortql --format json
  cohortql serve --listen 127.0.0.1:50051 orders/ for BI tools, over Flight SQL
  cohortql --connect grpc://localhost:50051       the same shell, on a server
  cohortql --connect grpc+tls://db.example --user ada

A path becomes a table named for the file or folder: CSV (also .gz and .zst),
newline-delimited JSON, Parquet, Arrow, or a folder of these or of a Delta table,
on disk or at s3://, gs://, az:// or http(s)://. Write ./demo for a folder whose
name is that of a command.";

/// Customer analytics in SQL: cohorts, retention, RFM segments and basket lifts over your files
#[derive(Debug, Parser)]
#[command(name = "cohortql", version, after_help = EXAMPLES, subcommand_precedence_over_arg = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Task>,

    #[command(flatten)]
    pub(crate) tables: Tables,

    #[command(flatten)]
    pub(crate) query: Query,

    #[command(flatten)]
    pub(crate) settings: Settings,
}

impl Arguments {
    /// The arguments of this process. Help, and what clap cannot read, end it.
    pub(crate) fn read() -> Result<Self, CliError> {
        Self::of(&Self::command().get_matches())
    }

    fn of(matches: &ArgMatches) -> Result<Self, CliError> {
        check_order(matches)?;
        Self::from_arg_matches(matches).map_err(|error| CliError::Usage(error.to_string()))
    }
}

/// Refuses what stands before a subcommand and is not for it: paths, SQL, and how results are
/// written. Only the settings of the engine may stand anywhere.
fn check_order(matches: &ArgMatches) -> Result<(), CliError> {
    let Some(name) = matches.subcommand_name() else {
        return Ok(());
    };
    if let Some(path) = matches
        .get_many::<String>("paths")
        .into_iter()
        .flatten()
        .next()
    {
        return Err(CliError::Usage(format!(
            "{name} must come first, got {path:?} before it: write cohortql {name} …, or ./{name} \
             for a path of that name"
        )));
    }
    let queries = Query::augment_args(Command::new("cohortql"));
    let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    match queries
        .get_arguments()
        .find(|flag| is_given(flag.get_id().as_str()))
    {
        None => Ok(()),
        Some(flag) => Err(CliError::Usage(format!(
            "--{} is for queries, and {name} runs none",
            flag.get_long().unwrap_or_default()
        ))),
    }
}

/// What else the binary does.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Answer SQL over Arrow Flight SQL, for BI tools and drivers
    #[command(after_help = "\
Examples:
  cohortql serve orders.csv
  cohortql serve --listen 127.0.0.1:0 --memory-limit 8GB warehouse/
  cohortql serve --check                          what cohortql.toml comes to

Without users the server listens on this machine only, and whoever connects can
read and write files as this process can. With users (cohortql user add) it asks
for a login, and for [server.tls] of cohortql.toml before others may connect.")]
    Serve(Serve),
    /// Who may connect to the server: the users of cohortql.toml
    User(User),
    /// Begin a project: cohortql.toml with the files that lie in data/, or one with data made up
    #[command(after_help = "\
Examples:
  cohortql init                                   here, with the files of data/
  cohortql init shop --template ecommerce         a shop to try things on")]
    Init(Init),
    /// Build the project's models into its warehouse, each after those that it reads
    #[command(after_help = "\
Examples:
  cohortql run                                    everything that the sources allow
  cohortql run +mart_cohorts                      a model and all it is made of
  cohortql run tag:orders --exclude mart_clv --var as_of=2024-06-30
  cohortql run --target prod --full-refresh snap_products")]
    Run(Run),
    /// Test what is built, and the sources that it is made of
    #[command(after_help = "\
Examples:
  cohortql test                                   every test of models and sources
  cohortql test mart_cohorts source:orders
  cohortql test not_null_mart_cohorts_cohort_month
  cohortql -c 'select * from failures.not_null_mart_cohorts_cohort_month'")]
    Test(Test),
    /// Build models and test each before what reads it is built
    #[command(after_help = "\
Examples:
  cohortql build                                  everything that the sources allow
  cohortql build +mart_cohorts --var as_of=2024-06-30
  cohortql build tag:orders --fail-fast")]
    Build(Run),
    /// Take the project's snapshots: the history of rows that change
    Snapshot(Run),
    /// Build and test again what failed or was skipped in the last build
    Retry(Retry),
    /// Build and test what new files of the sources touch, as they come, or everything by the clock
    #[command(after_help = "\
Examples:
  cohortql watch                                  whatever comes
  cohortql watch --once                           what has come since the last time
  cohortql watch tag:orders --every 15m
  COHORTQL_WEBHOOK=https://… cohortql watch --cron '0 6 * * *' --target prod")]
    Watch(Watch),
    /// Write a site that tells of the project's models: lineage, columns, tests and rows
    Docs(Docs),
    /// Remove the folder target/, and with --unused what models have left that are gone
    Clean(Clean),
    /// List the project's models, each after those that it reads
    Ls(List),
    /// Print the SQL of models with the values of their variables, and what they read
    Compile(Compile),
    /// Load rows of files and databases into a table of the project
    #[command(after_help = "\
Examples:
  cohortql load orders.csv --into orders
  cohortql load 's3://shop/orders/*.parquet' --into orders --mode replace
  cohortql load orders.json --into orders --mode merge --key order_id --order-by updated_at
  cohortql load customers.csv --into customers --mode merge --key customer_id --soft-delete
  cohortql load postgres://shop@db/shop --table public.orders --into orders --mode replace

Rows that do not fit go into TABLE_quarantine, with the reasons. Nothing is half loaded.")]
    Load(Box<Load>),
    /// Take the tour: retention, segments, second purchases and lifts on shipped data
    Demo {
        /// Serve the demonstration's tables over Flight SQL afterwards
        #[arg(long)]
        serve: bool,
        /// Where --serve listens
        #[arg(long, value_name = "ADDRESS", default_value = DEFAULT_LISTEN)]
        listen: String,
    },
    /// List the functions, or show the documentation of one
    Functions {
        /// A function, or part of its name
        name: Option<String>,
    },
    /// Make up data to try things on, the same for the same arguments
    #[command(after_help = "\
Examples:
  cohortql generate events --rows 20M --out events/
  cohortql events/ -c 'select event_type, count(*) from events group by 1'")]
    Generate(Generate),
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  cohortql completions bash > ~/.local/share/bash-completion/completions/cohortql
  cohortql completions zsh > ~/.zfunc/_cohortql")]
    Completions {
        /// The shell
        shell: CompletionShell,
    },
    /// Print the manual page, for man -l -
    Man,
}

/// Where the server listens unless told otherwise.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:50051";

/// A server.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address and port; port 0 takes any free one [default: that of cohortql.toml, else
    /// 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS", env = "COHORTQL_LISTEN")]
    pub(crate) listen: Option<String>,

    /// Read the configuration, certificates, keys and tables, say what they come to, and end
    #[arg(long)]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) tables: Tables,
}

/// Tables to begin with.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// Files, folders and URLs to make tables of
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
}

/// SQL to run instead of the shell, and where its results go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Queries")]
pub(crate) struct Query {
    /// Run this SQL and exit; may be given several times
    #[arg(
        short,
        long = "command",
        value_name = "SQL",
        conflicts_with = "file",
        allow_hyphen_values = true
    )]
    pub(crate) commands: Vec<String>,

    /// Run a script and exit; - is standard input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// How results are written [default: from the name of --output, else table]
    #[arg(long, value_name = "FORMAT", env = "COHORTQL_FORMAT")]
    pub(crate) format: Option<Format>,

    /// Write results to a file, which is replaced once they are complete
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Rows that a table shows, the first and the last; 0 shows all
    #[arg(
        long,
        value_name = "N",
        default_value_t = 40,
        env = "COHORTQL_MAX_ROWS"
    )]
    pub(crate) max_rows: usize,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// How the engine works; each wins over `cohortql.toml`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct Settings {
    /// Memory for all queries together, such as 4GB; beyond it they spill to disk
    #[arg(
        long,
        global = true,
        value_name = "SIZE",
        env = "COHORTQL_MEMORY_LIMIT"
    )]
    pub(crate) memory_limit: Option<String>,

    /// Disk space for spilling, such as 100GB
    #[arg(long, global = true, value_name = "SIZE", env = "COHORTQL_TEMP_LIMIT")]
    pub(crate) temp_limit: Option<String>,

    /// Threads that compute, and partitions of a query [default: one a core]
    #[arg(long, global = true, value_name = "N", env = "COHORTQL_THREADS")]
    pub(crate) threads: Option<usize>,

    /// Rows in a batch
    #[arg(long, global = true, value_name = "ROWS", env = "COHORTQL_BATCH_SIZE")]
    pub(crate) batch_size: Option<usize>,

    /// Time zone of calendar functions, such as Europe/Berlin [default: UTC]
    #[arg(long, global = true, value_name = "ZONE", env = "COHORTQL_TIME_ZONE")]
    pub(crate) time_zone: Option<String>,

    /// How long a statement may take, such as 30s
    #[arg(long, global = true, value_name = "TIME", env = "COHORTQL_TIMEOUT")]
    pub(crate) timeout: Option<String>,

    /// Configuration file [default: cohortql.toml of the project or working folder]
    #[arg(long, global = true, value_name = "FILE", env = "COHORTQL_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// Folder that keeps tables and views made by SQL
    #[arg(long, global = true, value_name = "FOLDER", env = "COHORTQL_PROJECT")]
    pub(crate) project: Option<PathBuf>,

    /// Target of the project, whose models are built and read [default: that of cohortql.toml,
    /// else dev]
    #[arg(long, global = true, value_name = "NAME", env = "COHORTQL_TARGET")]
    pub(crate) target: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn paths_and_commands_are_told_apart() {
        let parse = |line: &str| {
            let matches = Arguments::command().try_get_matches_from(line.split(' '));
            Arguments::of(&matches.unwrap()).map_err(|error| error.to_string())
        };
        let refused = |line: &str| parse(line).unwrap_err();
        assert_eq!(
            refused("cohortql parts serve"),
            "serve must come first, got \"parts\" before it: write cohortql serve …, or ./serve \
             for a path of that name"
        );
        assert_eq!(
            refused("cohortql -o out.csv serve parts"),
            "--output is for queries, and serve runs none"
        );
        assert_eq!(
            refused("cohortql -c select serve"),
            "--command is for queries, and serve runs none"
        );
        let parse = |line: &str| parse(line).unwrap();
        let parsed = parse("cohortql a.csv b/ -c one -c two");
        assert_eq!(parsed.tables.paths, ["a.csv", "b/"]);
        assert_eq!(parsed.query.commands, ["one", "two"]);
        let parsed = parse("cohortql --threads 2 serve --listen :0 a.csv --memory-limit 1GB");
        assert!(
            matches!(parsed.command, Some(Task::Serve(serve)) if serve.tables.paths == ["a.csv"])
        );
        assert_eq!(parsed.settings.threads, Some(2));
        assert_eq!(parsed.settings.memory_limit.as_deref(), Some("1GB"));
    }

    #[test]
    fn every_flag_and_command_is_in_the_manual() {
        let manual = include_str!("../../docs/cli.md");
        let command = Arguments::command();
        for flag in command.get_arguments().filter_map(|a| a.get_long()) {
            assert!(
                manual.contains(&format!("`--{flag}")),
                "docs/cli.md lacks --{flag}"
            );
        }
        for name in command.get_subcommands().map(clap::Command::get_name) {
            assert!(
                manual.contains(&format!("`cohortql {name}")),
                "docs/cli.md lacks {name}"
            );
        }
    }
}
