//! `\queries` and `\cancel`: what a connected server is running.

use crate::cli::backend::Remote;
use crate::cli::error::CliError;
use crate::cli::output::{Cell, Heading, print_cells};
use crate::cli::shell::Shell;

/// Lists the running queries.
pub(super) fn queries(shell: &mut Shell) -> Result<(), CliError> {
    let queries = shell.runtime.block_on(connected(shell)?.queries())?;
    if queries.is_empty() {
        return shell.show("no queries are running\n");
    }
    let headings = [
        Heading::new("id", false),
        Heading::new("user", false),
        Heading::new("phase", false),
        Heading::new("for", true),
        Heading::new("rows", true),
        Heading::new("statement", false),
    ];
    let rows = queries.into_iter().map(|query| {
        let statement = query.sql.split_whitespace().collect::<Vec<_>>().join(" ");
        vec![
            Cell::text(&query.id),
            Cell::text(query.user.as_deref().unwrap_or_default()),
            Cell::text(&query.phase),
            Cell::text(&format!("{:.1} s", query.elapsed.as_secs_f64())),
            Cell::text(&query.rows.to_string()),
            Cell::text(&statement),
        ]
    });
    let mut text = Vec::new();
    print_cells(&mut text, &headings, rows.collect(), None, shell.look())?;
    shell.show(&String::from_utf8_lossy(&text))
}

/// Cancels a running query.
pub(super) fn cancel(shell: &mut Shell, id: &str) -> Result<(), CliError> {
    if shell.runtime.block_on(connected(shell)?.cancel(id))? {
        shell.say(&format!("query {id} is cancelled"));
        Ok(())
    } else {
        Err(CliError::Usage(format!(
            "no query {id:?} is running; \\queries lists those that are"
        )))
    }
}

fn connected(shell: &Shell) -> Result<&Remote, CliError> {
    shell.backend.remote().ok_or_else(|| {
        CliError::Usage(
            "no server is connected: start with cohortql --connect grpc://HOST:PORT".to_owned(),
        )
    })
}
