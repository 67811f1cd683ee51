//! The fingerprint of a statement: the same for statements that differ only in their constants.
//!
//! It is the start of the SHA-256 of the statement's tokens with one blank between them. Blanks
//! and comments count for nothing, every constant and every parameter is a `?`, and whatever is
//! written without quotes is in lower case, as names are read. A name in quotes stays as it is, so
//! that `orders` and `"orders"` have two fingerprints.

use std::fmt::{self, Write};

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use ring::digest::{SHA256, digest};

use super::dialect;

/// What statements of one shape have in common. Written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// That of a text that need not be a statement.
    pub(crate) fn of_text(text: &str) -> Self {
        let tokens = Tokenizer::new(dialect(), text).tokenize_with_location();
        Self::of(&tokens.unwrap_or_default())
    }

    /// That of a statement's tokens.
    pub(crate) fn of(tokens: &[TokenWithSpan]) -> Self {
        Self::of_bytes(normalised(tokens).as_bytes())
    }

    /// That of bytes which are the same or are not.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let hash = digest(&SHA256, bytes);
        let mut start = [0; 8];
        for (byte, hashed) in start.iter_mut().zip(hash.as_ref()) {
            *byte = *hashed;
        }
        Self(start)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// The statement as it is hashed.
fn normalised(tokens: &[TokenWithSpan]) -> String {
    let mut text = String::new();
    for TokenWithSpan { token, .. } in tokens {
        if matches!(token, Token::Whitespace(_) | Token::EOF) {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        match token {
            Token::Word(word) if word.quote_style.is_none() => {
                text.extend(word.value.chars().flat_map(char::to_lowercase));
            }
            constant if is_constant(constant) => text.push('?'),
            // Writing to a text cannot fail.
            other => {
                let _ = write!(text, "{other}");
            }
        }
    }
    text
}

/// Whether a token is a constant or stands for one.
fn is_constant(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::TripleSingleQuotedByteStringLiteral(_)
            | Token::TripleDoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedRawStringLiteral(_)
            | Token::TripleDoubleQuotedRawStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::QuoteDelimitedStringLiteral(_)
            | Token::NationalQuoteDelimitedStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::Placeholder(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;

    fn tokens(text: &str) -> Vec<TokenWithSpan> {
        Tokenizer::new(dialect(), text)
            .tokenize_with_location()
            .unwrap()
    }

    fn fingerprint(text: &str) -> String {
        Fingerprint::of_text(text).to_string()
    }

    #[test]
    fn constants_blanks_comments_and_case_do_not_count() {
        let shape = "select Name from ORDERS where id = 17 and day > DATE '2024-01-01'";
        for same in [
            "SELECT name\n  FROM orders -- all\nWHERE id=18 AND day > date '2025-02-28'",
            "/* from a report */ SELECT name FROM orders WHERE id = $1 AND day > DATE $day",
            "SELECT name FROM orders WHERE id = ? AND day > DATE X'ff'",
            "SELECT name FROM orders WHERE id = 1e3 AND day > DATE $$it's$$",
        ] {
            assert_eq!(fingerprint(same), fingerprint(shape), "{same}");
        }
    }

    #[test]
    fn names_operators_and_order_count() {
        let shape = fingerprint("SELECT a, b FROM t WHERE a < 1");
        for other in [
            "SELECT b, a FROM t WHERE a < 1",
            "SELECT a, b FROM t WHERE a <= 1",
            "SELECT a, b FROM u WHERE a < 1",
            "SELECT a, b FROM \"T\" WHERE a < 1",
            "SELECT a, b FROM t WHERE a < b",
            "SELECT ab FROM t WHERE a < 1",
        ] {
            assert_ne!(fingerprint(other), shape, "{other}");
        }
    }

    #[test]
    fn constants_leave_no_trace() {
        let text = normalised(&tokens(
            "SELECT 'secret', 4711, N'secret', E'\\n' FROM \"Secret\"",
        ));
        assert_eq!(text, "select ? , ? , ? , ? from \"Secret\"");
    }

    /// SHA-256 of `select ?` begins so, by `printf 'select ?' | sha256sum`.
    #[test]
    fn the_hash_is_the_start_of_sha_256() {
        assert_eq!(fingerprint("SELECT 1"), "e1c71d1661ae46e0");
    }

    #[test]
    fn each_statement_of_a_script_has_its_own() {
        let statements =
            Statement::parse_all("; SELECT 1; -- two\nselect 2 ; SELECT x", 50).unwrap();
        let fingerprints: Vec<_> = statements.iter().map(Statement::fingerprint).collect();
        assert_eq!(fingerprints[0], fingerprints[1]);
        assert_ne!(fingerprints[0], fingerprints[2]);
        assert_eq!(fingerprints[0].to_string(), fingerprint("SELECT 1"));
    }
}
