//! `cohortql user list`: who may connect, and with what.

use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use cohortql_server::ServerConfig;
use cohortql_server::config::TokenConfig;

use crate::cli::error::CliError;
use crate::cli::output::{Cell, Heading, print_cells};
use crate::cli::print;
use crate::cli::run::look_of_stdout;

/// Prints the users of the file.
pub(super) fn list(path: &Path) -> Result<(), CliError> {
    let users = match path.is_file() {
        true => ServerConfig::read(path)?.access.users,
        false => Default::default(),
    };
    if users.is_empty() {
        let path = path.display();
        return print(format!("there are no users in {path}\n").as_bytes());
    }
    let headings = [
        Heading::new("user", false),
        Heading::new("roles", false),
        Heading::new("password", false),
        Heading::new("certificate", false),
        Heading::new("tokens", false),
    ];
    let now = SystemTime::now();
    let rows = users.into_iter().map(|(name, user)| {
        let tokens: Vec<String> = user.tokens.iter().map(|token| shown(token, now)).collect();
        vec![
            Cell::text(&name),
            Cell::text(&user.roles.join(", ")),
            Cell::text(if user.password.is_some() { "yes" } else { "no" }),
            Cell::text(user.certificate.as_deref().unwrap_or("")),
            Cell::text(&tokens.join(", ")),
        ]
    });
    let mut text = Vec::new();
    print_cells(&mut text, &headings, rows.collect(), None, look_of_stdout())?;
    print(&text)
}

/// A token's name, and until when it is good.
fn shown(token: &TokenConfig, now: SystemTime) -> String {
    let Some(expires) = token.expires else {
        return token.name.clone();
    };
    let date = DateTime::<Utc>::from(expires).format("%Y-%m-%d");
    let verb = if expires <= now { "expired" } else { "until" };
    format!("{} ({verb} {date})", token.name)
}
