//! Texts with `?`: numbering changes the placeholders and nothing else.

use cohortql_protocol::number_placeholders;
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Numbers the placeholders of a text, tokenizes both, and numbers again.
pub fn placeholders(data: &[u8]) {
    let sql = String::from_utf8_lossy(data);
    let Ok(numbered) = number_placeholders(&sql, &GenericDialect {}) else {
        return;
    };
    let again = number_placeholders(&numbered.sql, &GenericDialect {});
    let again = again.ok().map(|again| again.sql.into_owned());
    let tokens = tokens(&sql);
    if tokens.is_none() {
        assert_eq!(numbered.sql, sql, "what cannot be read must stay");
        return;
    }
    assert_eq!(again.as_deref(), Some(&*numbered.sql), "numbered twice");
    let rewritten = self::tokens(&numbered.sql);
    assert_eq!(
        rewritten.as_deref().map(others),
        tokens.as_deref().map(others),
        "another token than a placeholder changed"
    );
    let (before, after) = (names(tokens), names(rewritten));
    let mut count = 0;
    for (before, after) in before.iter().zip(&after) {
        let expected = match before.strip_prefix('?') {
            Some("") => {
                count += 1;
                format!("${count}")
            }
            Some(number) => format!("${number}"),
            None => before.clone(),
        };
        assert_eq!(*after, expected, "a placeholder got another name");
    }
    assert_eq!(before.len(), after.len(), "a placeholder came or went");
    for (line, text) in (1..).zip(numbered.sql.lines()) {
        let columns = text.chars().count() as u64;
        for column in [1, columns / 2 + 1, columns + 1] {
            let sent = numbered.places.column(line, column);
            assert!(sent <= column, "a place moved to the right");
        }
    }
}

fn tokens(sql: &str) -> Option<Vec<Token>> {
    Tokenizer::new(&GenericDialect {}, sql)
        .with_unescape(false)
        .tokenize()
        .ok()
}

/// All but placeholders, and blanks, which may be put around them.
fn others(tokens: &[Token]) -> Vec<&Token> {
    tokens
        .iter()
        .filter(|token| !matches!(token, Token::Placeholder(_) | Token::Whitespace(_)))
        .collect()
}

fn names(tokens: Option<Vec<Token>>) -> Vec<String> {
    tokens
        .into_iter()
        .flatten()
        .filter_map(|token| match token {
            Token::Placeholder(name) => Some(name),
            _ => None,
        })
        .collect()
}
