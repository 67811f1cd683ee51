//! What stands before the cursor.

use crate::cli::sql::keywords::is_keyword;
use crate::cli::sql::token::{Token, TokenKind};

/// Words after which a table is named.
const BEFORE_TABLES: &[&str] = &[
    "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "DESCRIBE",
];
/// Words that end the list of tables of a query.
const AFTER_TABLES: &[&str] = &[
    "WHERE", "GROUP", "ORDER", "HAVING", "ON", "USING", "SELECT", "LIMIT",
];

/// What stands before the cursor.
pub(super) struct Place<'a> {
    /// The beginning of a word, maybe empty.
    pub(super) prefix: &'a str,
    pub(super) start: usize,
    /// `o` in `o.amo`.
    pub(super) qualifier: Option<&'a str>,
    pub(super) names_table: bool,
    /// After a name, a literal or a closing parenthesis only a keyword can come.
    pub(super) follows_value: bool,
}

impl<'a> Place<'a> {
    /// None within a string, a number or a comment.
    pub(super) fn find(text: &'a str, tokens: &[Token]) -> Option<Self> {
        let of = |token: &Token| &text[token.span.clone()];
        let (prefix, start, rest) = match tokens.split_last() {
            Some((last, rest)) if last.kind == TokenKind::Word => (of(last), last.span.start, rest),
            Some((last, rest)) if last.kind == TokenKind::QuotedName && !last.closed => {
                (of(last), last.span.start, rest)
            }
            Some((last, _)) if !last.closed => return None,
            Some((last, _)) if matches!(last.kind, TokenKind::Number | TokenKind::Parameter) => {
                return None;
            }
            // A line comment goes on to its line's end.
            Some((last, _)) if last.kind == TokenKind::Comment && of(last).starts_with("--") => {
                return None;
            }
            _ => ("", text.len(), tokens),
        };
        let qualifier = match rest {
            [.., name, dot] if of(dot) == "." => Some(of(name)),
            _ => None,
        };
        let last = rest.iter().rfind(|token| !token.is_blank());
        let solid: Vec<&str> = rest.iter().filter(|t| !t.is_blank()).map(of).collect();
        Some(Self {
            prefix,
            start,
            qualifier,
            names_table: names_table(&solid),
            follows_value: last.is_some_and(|last| is_value(last, of(last))),
        })
    }
}

/// Whether a token ends something that has a value.
fn is_value(token: &Token, text: &str) -> bool {
    match token.kind {
        TokenKind::Word => !is_keyword(text),
        TokenKind::QuotedName | TokenKind::Text | TokenKind::Number => true,
        _ => text == ")",
    }
}

/// Whether the next word names a table: after FROM and the like, and after the
/// commas that follow it.
fn names_table(before: &[&str]) -> bool {
    let Some(last) = before.last() else {
        return false;
    };
    let is_one_of = |word: &str, list: &[&str]| list.iter().any(|k| k.eq_ignore_ascii_case(word));
    if is_one_of(last, BEFORE_TABLES) {
        return true;
    }
    let mut depth = 0;
    let clause = before.iter().rev().find(|word| {
        match **word {
            ")" => depth += 1,
            "(" => depth -= 1,
            _ => {}
        }
        depth == 0 && (is_one_of(word, BEFORE_TABLES) || is_one_of(word, AFTER_TABLES))
    });
    *last == "," && depth == 0 && clause.is_some_and(|word| word.eq_ignore_ascii_case("FROM"))
}
