//! What could stand where the cursor is.

mod place;

use super::names::{Column, Function, Names, Table};
use crate::cli::commands::COMMANDS;
use crate::cli::sql::keywords::{self, is_keyword};
use crate::cli::sql::token::{Token, TokenKind, tokenize};
use place::Place;

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) about: Option<String>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Column,
    Table,
    Function,
    Keyword,
    Command,
}

/// The completions at byte `position` of `line`, and the byte at which what they
/// replace begins.
pub(super) fn suggest(line: &str, position: usize, names: &Names) -> (usize, Vec<Found>) {
    let before = line.get(..position).unwrap_or(line);
    let tokens = tokenize(before);
    let last_end = tokens
        .iter()
        .rposition(|token| token.kind == TokenKind::Semicolon);
    let tokens = &tokens[last_end.map_or(0, |end| end + 1)..];
    let first = tokens.iter().find(|token| !token.is_blank());
    if let Some(first) = first.filter(|first| first.kind == TokenKind::Backslash) {
        return command(before, first.span.end, names);
    }
    let Some(place) = Place::find(before, tokens) else {
        return (position, Vec::new());
    };
    let found = match place.qualifier {
        Some(qualifier) => members(line, qualifier, names),
        None if place.names_table => [tables(names), functions(names, true)].concat(),
        None if place.follows_value => keywords(place.prefix),
        None => anything(line, place.prefix, names),
    };
    (place.start, matching(found, place.prefix))
}

/// The columns of a table or of what has it for an alias.
fn members(line: &str, qualifier: &str, names: &Names) -> Vec<Found> {
    let qualifier = unquoted(qualifier);
    let table = |name: &str| {
        names
            .tables
            .iter()
            .find(|t| t.name.eq_ignore_ascii_case(name))
    };
    let aliased = || {
        let words: Vec<&str> = words(line)
            .filter(|word| !word.eq_ignore_ascii_case("as"))
            .collect();
        let pair = words
            .windows(2)
            .find(|pair| pair[1].eq_ignore_ascii_case(qualifier) && table(pair[0]).is_some());
        pair.and_then(|pair| table(pair[0]))
    };
    match table(qualifier).or_else(aliased) {
        Some(table) => table
            .columns
            .iter()
            .map(|column| of_column(column, None))
            .collect(),
        // It may be a schema.
        None => tables(names),
    }
}

fn tables(names: &Names) -> Vec<Found> {
    let table = |table: &Table| Found {
        text: quoted(&table.name),
        about: Some(format!("table, {} columns", table.columns.len())),
        kind: Kind::Table,
    };
    names.tables.iter().map(table).collect()
}

/// Calls of the reports, which stand in FROM, or of the other functions; ours
/// before DataFusion's.
fn functions(names: &Names, reports: bool) -> Vec<Found> {
    let wanted = names.functions.iter().filter(|f| f.is_report == reports);
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort_by_key(|function| !function.is_ours);
    let call = |function: &Function| Found {
        text: format!("{}(", function.name),
        about: Some(function.summary.clone()),
        kind: Kind::Function,
    };
    wanted.into_iter().map(call).collect()
}

/// Columns of the tables that the statement mentions (all, while it mentions
/// none), tables, functions and keywords.
fn anything(line: &str, prefix: &str, names: &Names) -> Vec<Found> {
    let mentioned = |table: &&Table| words(line).any(|w| w.eq_ignore_ascii_case(&table.name));
    let mut from: Vec<&Table> = names.tables.iter().filter(mentioned).collect();
    if from.is_empty() {
        from = names.tables.iter().collect();
    }
    let mut found: Vec<Found> = Vec::new();
    for table in from {
        for column in &table.columns {
            let column = of_column(column, Some(&table.name));
            if !found.iter().any(|other| other.text == column.text) {
                found.push(column);
            }
        }
    }
    found.extend(tables(names));
    if prefix.is_empty() {
        return found;
    }
    found.extend(functions(names, false));
    found.extend(keywords(prefix));
    found
}

/// Keywords, in the case in which the first one was begun.
fn keywords(prefix: &str) -> Vec<Found> {
    let upper = prefix.starts_with(|c: char| c.is_ascii_uppercase());
    let keyword = |keyword: &str| Found {
        text: if upper {
            keyword.to_owned()
        } else {
            keyword.to_ascii_lowercase()
        },
        about: None,
        kind: Kind::Keyword,
    };
    keywords::all().map(keyword).collect()
}

/// Commands, or their arguments.
fn command(before: &str, start: usize, names: &Names) -> (usize, Vec<Found>) {
    let typed = &before[start..];
    let Some((name, argument)) = typed.split_once(char::is_whitespace) else {
        let commands = COMMANDS.iter().map(|command| Found {
            text: command.name.to_owned(),
            about: Some(command.help.to_owned()),
            kind: Kind::Command,
        });
        return (start, matching(commands.collect(), typed));
    };
    let found = match name {
        "d" => tables(names),
        "df" => {
            let functions = names.functions.iter().map(|function| Found {
                text: function.name.clone(),
                about: Some(function.summary.clone()),
                kind: Kind::Function,
            });
            functions.collect()
        }
        _ => Vec::new(),
    };
    let argument = argument.trim_start();
    (before.len() - argument.len(), matching(found, argument))
}

/// Those that begin with `prefix`, or hold it when none does.
fn matching(found: Vec<Found>, prefix: &str) -> Vec<Found> {
    let prefix = prefix.to_lowercase();
    let bare = |found: &Found| found.text.trim_start_matches('"').to_lowercase();
    let wanted = prefix.trim_start_matches('"');
    let begins = |found: &&Found| bare(found).starts_with(wanted);
    let first: Vec<Found> = found.iter().filter(begins).cloned().collect();
    if !first.is_empty() || wanted.len() < 2 {
        return first;
    }
    found
        .into_iter()
        .filter(|found| bare(found).contains(wanted))
        .collect()
}

fn of_column(column: &Column, table: Option<&str>) -> Found {
    let about = match table {
        Some(table) => format!("{} of {table}", column.data_type),
        None => column.data_type.clone(),
    };
    Found {
        text: quoted(&column.name),
        about: Some(about),
        kind: Kind::Column,
    }
}

/// The words of a line, names without their quotes.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_word = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    let words = tokenize(line).into_iter().filter(is_word);
    words.map(|token| unquoted(&line[token.span]))
}

fn unquoted(name: &str) -> &str {
    name.trim_matches('"')
}

/// The name as SQL needs it: quoted when it is not a plain lower-case word.
fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if begins_well && name.chars().all(is_plain) && !is_keyword(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests;
