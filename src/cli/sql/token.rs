//! The tokens of SQL text, with their places.
//!
//! Every byte of the input belongs to exactly one token, so that the pieces put
//! together again are the text.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, a function, or an unquoted name.
    Word,
    /// `"a name"` or `` `a name` ``.
    QuotedName,
    /// `'text'`, `E'text'` or `$$text$$`.
    Text,
    /// A number.
    Number,
    /// `-- to the end of the line` or `/* … */`.
    Comment,
    /// `$1`, `$name` or `?`.
    Parameter,
    /// The end of a statement.
    Semicolon,
    /// The beginning of a command of the shell.
    Backslash,
    /// Blanks and line ends.
    Space,
    /// One character of anything else.
    Operator,
}

/// A piece of SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Bytes of the input.
    pub(crate) span: Range<usize>,
    /// False for a string, quoted name or comment that the input ends within.
    pub(crate) closed: bool,
}

impl Token {
    /// Whether the parser would skip over the token.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }
}

/// Cuts `text` into tokens.
pub(crate) fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let (kind, length, closed) = next_token(rest, first);
        tokens.push(Token {
            kind,
            span: start..start + length,
            closed,
        });
        start += length;
    }
    tokens
}

/// The kind, the length in bytes and whether it is closed, of the token that
/// `rest` begins with.
fn next_token(rest: &str, first: char) -> (TokenKind, usize, bool) {
    let open = |kind, (length, closed)| (kind, length, closed);
    match first {
        c if c.is_whitespace() => (TokenKind::Space, while_in(rest, char::is_whitespace), true),
        '\'' => open(TokenKind::Text, quoted(rest, 1, '\'', false)),
        'e' | 'E' if rest[1..].starts_with('\'') => {
            open(TokenKind::Text, quoted(rest, 2, '\'', true))
        }
        '"' | '`' => open(TokenKind::QuotedName, quoted(rest, 1, first, false)),
        '-' if rest.starts_with("--") => {
            let length = rest.find('\n').unwrap_or(rest.len());
            (TokenKind::Comment, length, true)
        }
        '/' if rest.starts_with("/*") => open(TokenKind::Comment, block_comment(rest)),
        '$' => match dollar_quoted(rest) {
            Some(found) => open(TokenKind::Text, found),
            None => (
                TokenKind::Parameter,
                1 + while_in(&rest[1..], is_name),
                true,
            ),
        },
        '?' => (TokenKind::Parameter, 1, true),
        ';' => (TokenKind::Semicolon, 1, true),
        '\\' => (TokenKind::Backslash, 1, true),
        c if c.is_ascii_digit() => (TokenKind::Number, number(rest), true),
        c if c.is_alphabetic() || c == '_' => (TokenKind::Word, while_in(rest, is_name), true),
        c => (TokenKind::Operator, c.len_utf8(), true),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn while_in(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Digits, with a fraction and an exponent where they follow.
fn number(text: &str) -> usize {
    let mut length = while_in(text, |c| c.is_alphanumeric() || c == '_' || c == '.');
    let exponent = text[..length].ends_with(['e', 'E']);
    if exponent && text[length..].starts_with(['+', '-']) {
        length += 1;
        length += while_in(&text[length..], |c| c.is_ascii_digit());
    }
    length
}

/// The length of what is quoted by `quote`, which is written twice to stand for
/// itself, and after a backslash where `escapes`.
fn quoted(text: &str, opening: usize, quote: char, escapes: bool) -> (usize, bool) {
    let mut chars = text[opening..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return (opening + at + c.len_utf8(), true);
        }
    }
    (text.len(), false)
}

/// The length of a comment that may hold others.
fn block_comment(text: &str) -> (usize, bool) {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return (at, true);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (text.len(), false)
}

/// The length of `$$…$$` or `$tag$…$tag$`, if `text` begins with one.
fn dollar_quoted(text: &str) -> Option<(usize, bool)> {
    let name = while_in(&text[1..], is_name);
    let tag = text.get(..name + 2).filter(|tag| tag.ends_with('$'))?;
    if tag[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(match text[tag.len()..].find(tag) {
        Some(end) => (end + 2 * tag.len(), true),
        None => (text.len(), false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(TokenKind, &str)> {
        let tokens = tokenize(text);
        let whole: String = tokens.iter().map(|t| &text[t.span.clone()]).collect();
        assert_eq!(whole, text, "the tokens must cover the text");
        tokens
            .iter()
            .filter(|t| t.kind != TokenKind::Space)
            .map(|t| (t.kind, &text[t.span.clone()]))
            .collect()
    }

    #[test]
    fn each_kind_is_told_apart() {
        use TokenKind::*;
        assert_eq!(
            pieces(r#"select "a""b", 'it''s', E'it\'s', 1.5e-3, $1, ? -- end;"#),
            vec![
                (Word, "select"),
                (QuotedName, r#""a""b""#),
                (Operator, ","),
                (Text, "'it''s'"),
                (Operator, ","),
                (Text, r"E'it\'s'"),
                (Operator, ","),
                (Number, "1.5e-3"),
                (Operator, ","),
                (Parameter, "$1"),
                (Operator, ","),
                (Parameter, "?"),
                (Comment, "-- end;"),
            ]
        );
    }

    #[test]
    fn comments_nest_and_dollars_quote() {
        use TokenKind::*;
        assert_eq!(
            pieces("/* a /* b */ c; */ $$x;y$$ $t$ ' $$ $t$;"),
            vec![
                (Comment, "/* a /* b */ c; */"),
                (Text, "$$x;y$$"),
                (Text, "$t$ ' $$ $t$"),
                (Semicolon, ";"),
            ]
        );
    }

    #[test]
    fn what_the_text_ends_within_is_open() {
        for text in ["'abc", "\"abc", "/* a", "$$ a", "E'a\\'"] {
            let tokens = tokenize(text);
            assert!(!tokens[0].closed, "{text}");
        }
        assert!(tokenize("").is_empty());
    }

    #[test]
    fn letters_of_any_script_are_names() {
        use TokenKind::*;
        assert_eq!(
            pieces("größe→数量"),
            vec![(Word, "größe"), (Operator, "→"), (Word, "数量")]
        );
    }
}
