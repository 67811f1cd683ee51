//! Numbers the `?` placeholders that JDBC, ODBC and ADBC clients write.
//!
//! DataFusion takes every `?` for the same parameter. Here the n-th one becomes `$n`, found with
//! the dialect's own tokenizer, so that question marks in strings, comments, quoted identifiers
//! and operators such as `@?` stay what they are. `?5` means `$5`.

use std::borrow::Cow;

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use crate::error::ProtocolError;

/// Opens a comment that the tokenizer reads as SQL, with places that are not those of the text.
const HINT: &str = "/*!";

/// Words and signs of a text in which `?` is looked for: each takes a hundred bytes meanwhile.
const MOST_PIECES: usize = 4 << 20;

/// A statement whose placeholders are numbered.
#[derive(Debug)]
pub struct Numbered<'a> {
    /// The text for the parser.
    pub sql: Cow<'a, str>,
    /// Where it differs from what the client has sent.
    pub places: Places,
}

impl<'a> Numbered<'a> {
    fn unchanged(sql: &'a str) -> Self {
        Self {
            sql: Cow::Borrowed(sql),
            places: Places::default(),
        }
    }
}

/// What was put in place of `?`, for errors to point into the client's text.
#[derive(Debug, Clone, Default)]
pub struct Places(Vec<Place>);

#[derive(Debug, Clone, Copy)]
struct Place {
    line: u64,
    /// Column in the client's text, and how many characters were there and are now.
    column: u64,
    before: u64,
    after: u64,
}

impl Places {
    /// The column in the client's text of a place in the numbered one. Lines are the same in both.
    pub fn column(&self, line: u64, numbered: u64) -> u64 {
        let mut grown = 0;
        for place in self.0.iter().filter(|place| place.line == line) {
            let begin = place.column + grown;
            if numbered < begin + place.after {
                return numbered.min(begin).saturating_sub(grown);
            }
            grown += place.after.saturating_sub(place.before);
        }
        numbered.saturating_sub(grown)
    }
}

/// The SQL with `?` numbered from `$1`, in a dialect. Text that does not tokenize comes back as it is, for the
/// parser to complain about with a place.
pub fn number_placeholders<'a>(
    sql: &'a str,
    dialect: &dyn Dialect,
) -> Result<Numbered<'a>, ProtocolError> {
    if !sql.contains('?') {
        return Ok(Numbered::unchanged(sql));
    }
    if pieces(sql) > MOST_PIECES {
        return Err(ProtocolError::Limit(format!(
            "parameters cannot be numbered in a statement of more than {MOST_PIECES} words and \
             signs; write $1, $2 and so on, and no ? anywhere"
        )));
    }
    let Ok(tokens) = Tokenizer::new(dialect, sql)
        .with_unescape(false)
        .tokenize_with_location()
    else {
        return Ok(Numbered::unchanged(sql));
    };
    let mut places = Vec::new();
    let mut cursor = Cursor::new(sql);
    let mut numbered = String::with_capacity(sql.len() + 16);
    let mut copied = 0;
    let mut count = 0_usize;
    let mut explicit = None;
    let mut after_word = false;
    for token in tokens {
        let Token::Placeholder(name) = token.token else {
            after_word = matches!(token.token, Token::Word(_));
            continue;
        };
        let begins_apart = !std::mem::take(&mut after_word);
        let number = match name.strip_prefix('?') {
            Some("") => {
                count += 1;
                count.to_string()
            }
            Some(number) => {
                explicit.get_or_insert_with(|| name.clone());
                number.to_owned()
            }
            None => {
                explicit.get_or_insert(name);
                continue;
            }
        };
        let at = cursor.byte_of(token.span.start);
        let end = cursor.byte_of(token.span.end);
        numbered.push_str(&sql[copied..at]);
        let length = numbered.len();
        // A `?` ends a word, and `$1` would go on with it: LIMIT? or ?AND.
        if !(begins_apart && numbered.chars().next_back().is_none_or(is_between_words)) {
            numbered.push(' ');
        }
        numbered.push('$');
        numbered.push_str(&number);
        if !sql[end..].chars().next().is_none_or(is_between_words) {
            numbered.push(' ');
        }
        copied = end;
        places.push(Place {
            line: token.span.start.line,
            column: token.span.start.column,
            before: sql[at..end].chars().count() as u64,
            after: numbered[length..].chars().count() as u64,
        });
    }
    if let (Some(name), true) = (explicit, count > 0) {
        return Err(ProtocolError::Invalid(format!(
            "parameters must be written one way, got both ? and {name}"
        )));
    }
    if !places.is_empty() && sql.contains(HINT) {
        return Err(ProtocolError::Invalid(format!(
            "parameters cannot be numbered beside {HINT} */ comments; write $1, $2 and so on"
        )));
    }
    numbered.push_str(&sql[copied..]);
    Ok(Numbered {
        sql: Cow::Owned(numbered),
        places: Places(places),
    })
}

/// About how many words and signs there are. What is in quotes and comments counts as well.
fn pieces(sql: &str) -> usize {
    let mut in_word = false;
    let begins = |byte: u8| {
        let was_in_word = in_word;
        in_word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        !(in_word && was_in_word)
    };
    sql.bytes().map(begins).filter(|begins| *begins).count()
}

fn is_between_words(character: char) -> bool {
    character.is_ascii_whitespace() || "()[],;=<>+-*/%|&!~^:.'\"".contains(character)
}

/// Walks through the text once, turning the tokenizer's lines and columns into bytes.
struct Cursor<'a> {
    rest: std::str::CharIndices<'a>,
    length: usize,
    line: u64,
    column: u64,
    byte: usize,
}

impl<'a> Cursor<'a> {
    fn new(sql: &'a str) -> Self {
        Self {
            rest: sql.char_indices(),
            length: sql.len(),
            line: 1,
            column: 1,
            byte: 0,
        }
    }

    /// The byte offset of a place that is not before the last one asked for.
    fn byte_of(&mut self, place: Location) -> usize {
        while (self.line, self.column) < (place.line, place.column) {
            match self.rest.next() {
                Some((_, '\n')) => {
                    self.line += 1;
                    self.column = 1;
                }
                Some(_) => self.column += 1,
                None => break,
            }
            self.byte = self.rest.offset();
        }
        self.byte.min(self.length)
    }
}

#[cfg(test)]
mod tests {
    use sqlparser::dialect::GenericDialect;

    use super::*;

    fn numbered(sql: &str) -> String {
        number_placeholders(sql, &GenericDialect {})
            .unwrap()
            .sql
            .into_owned()
    }

    #[test]
    fn texts_of_too_many_words_are_refused() {
        let many = format!("SELECT ?{}", ",1".repeat(MOST_PIECES / 2));
        let error = number_placeholders(&many, &GenericDialect {}).unwrap_err();
        assert!(matches!(error, ProtocolError::Limit(_)), "{error}");
        let long = format!("SELECT ?, '{}'", "x".repeat(MOST_PIECES + 1));
        assert!(numbered(&long).starts_with("SELECT $1, 'xx"));
    }

    #[test]
    fn errors_point_into_the_text_that_was_sent() {
        let twelve = ["?"; 12].join(", ");
        let sql = format!("SELECT {twelve}, nocol\nFROM t WHERE ? = nocol");
        let numbered = number_placeholders(&sql, &GenericDialect {}).unwrap();
        for (line, (sent, parsed)) in (1..).zip(sql.lines().zip(numbered.sql.lines())) {
            let column = |text: &str| text.find("nocol").unwrap() as u64 + 1;
            assert_ne!(column(sent), column(parsed));
            assert_eq!(numbered.places.column(line, column(parsed)), column(sent));
            assert_eq!(numbered.places.column(line, 1), 1);
        }
        // The tenth placeholder, and the inside of it.
        let tenth = numbered.sql.find("$10").unwrap() as u64 + 1;
        let sent = 8 + 9 * 3;
        assert_eq!(numbered.places.column(1, tenth), sent);
        assert_eq!(numbered.places.column(1, tenth + 1), sent);
    }

    #[test]
    fn question_marks_are_numbered_in_order() {
        assert_eq!(
            numbered("SELECT ?, a FROM t WHERE b=?\n  AND c IN (?,?)"),
            "SELECT $1, a FROM t WHERE b=$2\n  AND c IN ($3,$4)"
        );
    }

    #[test]
    fn twelve_are_numbered_to_twelve() {
        let sql = ["?"; 12].join(",");
        assert!(numbered(&sql).ends_with("$10,$11,$12"));
    }

    #[test]
    fn strings_comments_and_identifiers_keep_theirs() {
        for kept in [
            "'really?'",
            "'it''s ?'",
            "E'a\\'?'",
            "\"odd?\"",
            "\"a\"\"?\"",
            "`odd?`",
            "$$ ? $$",
            "$tag$ ? $tag$",
            "-- why?\n",
            "/* why? /* nested? */ ? */",
        ] {
            assert_eq!(
                numbered(&format!("SELECT {kept} , ?")),
                format!("SELECT {kept} , $1")
            );
        }
    }

    #[test]
    fn operators_with_a_question_mark_stay() {
        assert_eq!(numbered("a @? b AND c = ?"), "a @? b AND c = $1");
    }

    #[test]
    fn neighbours_do_not_matter() {
        assert_eq!(numbered("?||?-1,-?,(?)"), "$1||$2-1,-$3,($4)");
        assert_eq!(numbered("LIMIT ?"), "LIMIT $1");
        assert_eq!(numbered("?::int"), "$1::int");
        assert_eq!(numbered("LIMIT?"), "LIMIT $1");
        assert_eq!(numbered("a=?AND b=?"), "a=$1 AND b=$2");
        assert_eq!(numbered("??"), "$1 $2");
    }

    #[test]
    fn characters_beyond_ascii_and_windows_line_ends() {
        assert_eq!(
            numbered("SELECT 'žluťoučký 😀?',\r\n ? AS \"é?\", ?"),
            "SELECT 'žluťoučký 😀?',\r\n $1 AS \"é?\", $2"
        );
    }

    #[test]
    fn explicit_numbers_are_kept() {
        assert_eq!(numbered("SELECT ?2, ?1"), "SELECT $2, $1");
        assert_eq!(numbered("SELECT $2 -- ?"), "SELECT $2 -- ?");
    }

    #[test]
    fn two_ways_at_once_are_an_error() {
        let error = number_placeholders("SELECT ?, $2", &GenericDialect {}).unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameters must be written one way, got both ? and $2"
        );
        assert!(number_placeholders("SELECT ?1, ?", &GenericDialect {}).is_err());
    }

    #[test]
    fn unfinished_text_is_left_to_the_parser() {
        assert_eq!(numbered("SELECT '?"), "SELECT '?");
    }
}
