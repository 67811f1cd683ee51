//! `cohortql user add`: a new entry in `cohortql.toml`.

use std::io::{Write, stdout};
use std::path::Path;

use cohortql_server::{hash_password, is_user_name, token_hash};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

use super::{Add, file, secrets};
use crate::cli::error::CliError;
use crate::cli::shell::note;

/// Asks for the password, and adds the user to the file.
pub(super) fn add(new: &Add, path: &Path) -> Result<(), CliError> {
    is_user_name(&new.name).map_err(CliError::Usage)?;
    if new.no_password && new.token.is_none() && new.certificate.is_none() {
        return Err(CliError::Usage(
            "--no-password needs --token or --certificate, or the user could not come in"
                .to_owned(),
        ));
    }
    // Before anybody types a password for nothing.
    refuse_existing(&file::read(path)?, &new.name, path)?;
    let password = match new.no_password {
        true => None,
        false => {
            let prompt = format!("Password of {}: ", new.name);
            let hash = hash_password(&secrets::new_password(&prompt)?)?;
            Some(hash.as_str().to_owned())
        }
    };
    let token = new.token.as_ref().map(|_| secrets::new_token());
    let token = token.transpose()?;
    let mut entry = Table::new();
    if let Some(password) = password {
        entry["password"] = value(password);
    }
    entry["roles"] = value(new.roles.iter().collect::<Array>());
    if let (Some(name), Some(token)) = (&new.token, &token) {
        entry["tokens"] = value(tokens(name, token, new.expires.as_deref())?);
    }
    if let Some(certificate) = &new.certificate {
        entry["certificate"] = value(certificate);
    }
    file::change(path, |document| {
        refuse_existing(document, &new.name, path)?;
        let users = document.entry("users").or_insert_with(|| {
            // `[users]` alone would say nothing.
            let mut users = Table::new();
            users.set_implicit(true);
            Item::Table(users)
        });
        let users = users.as_table_like_mut().ok_or_else(|| {
            let path = path.display();
            CliError::Usage(format!(
                "{path}: users: expected a table, got something else"
            ))
        })?;
        users.insert(&new.name, Item::Table(entry));
        Ok(())
    })?;
    note(&format!(
        "user {:?} was added to {}; a running server takes it up by itself",
        new.name,
        path.display()
    ));
    if let Some(token) = token {
        let mut out = stdout().lock();
        writeln!(out, "{token}")?;
        out.flush()?;
        note("this is the token: keep it, as only its hash is stored");
    }
    Ok(())
}

fn refuse_existing(document: &DocumentMut, name: &str, path: &Path) -> Result<(), CliError> {
    let users = document.get("users").and_then(Item::as_table_like);
    if users.is_some_and(|users| users.contains_key(name)) {
        let path = path.display();
        return Err(CliError::Usage(format!(
            "user {name:?} is in {path} already; nothing was changed"
        )));
    }
    Ok(())
}

/// The list with one token.
fn tokens(name: &str, token: &str, expires: Option<&str>) -> Result<Array, CliError> {
    let mut entry = InlineTable::new();
    entry.insert("name", name.into());
    entry.insert("sha256", token_hash(token).into());
    if let Some(text) = expires {
        let moment: toml_edit::Datetime = text.parse().map_err(|_| {
            CliError::Usage(format!(
                "--expires: expected a date such as 2030-01-31 or a moment such as \
                 2030-01-31T18:00:00Z, got {text:?}"
            ))
        })?;
        entry.insert("expires", moment.into());
    }
    let mut tokens = Array::new();
    tokens.push(Value::InlineTable(entry));
    Ok(tokens)
}
