//! Filters of metadata commands: names that match exactly, and patterns.

/// Escapes `%`, `_` and itself in a pattern; advertised in SqlInfo.
pub(super) const ESCAPE: char = '\\';

/// Whether a catalog passes: without a filter every one does, and with an empty one none.
pub(super) fn is_catalog(filter: Option<&str>, name: &str) -> bool {
    filter.is_none_or(|filter| filter == name)
}

/// Whether a name passes a pattern, where `%` is any text and `_` any character.
pub(super) fn passes(pattern: Option<&str>, name: &str) -> bool {
    pattern.is_none_or(|pattern| matches(&tokens(pattern), name))
}

enum Token {
    Any,
    One,
    Exactly(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut characters = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '%' => Token::Any,
            '_' => Token::One,
            ESCAPE => Token::Exactly(characters.next().unwrap_or(ESCAPE)),
            other => Token::Exactly(other),
        });
    }
    tokens
}

/// Greedy matching with one place to go back to, so that no pattern takes more than pattern
/// times name steps.
fn matches(tokens: &[Token], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut token, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < name.len() {
        match tokens.get(token) {
            Some(Token::Any) => {
                retry = Some((token + 1, at));
                token += 1;
            }
            Some(Token::One) => {
                token += 1;
                at += 1;
            }
            Some(Token::Exactly(wanted)) if *wanted == name[at] => {
                token += 1;
                at += 1;
            }
            _ => match retry.as_mut() {
                Some((after, from)) => {
                    *from += 1;
                    token = *after;
                    at = *from;
                }
                None => return false,
            },
        }
    }
    tokens[token..]
        .iter()
        .all(|token| matches!(token, Token::Any))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogs_match_exactly() {
        assert!(is_catalog(None, "cohortql"));
        assert!(is_catalog(Some("cohortql"), "cohortql"));
        assert!(!is_catalog(Some(""), "cohortql"));
        assert!(!is_catalog(Some("cohort%"), "cohortql"));
    }

    #[test]
    fn patterns_have_two_wildcards_and_an_escape() {
        let cases = [
            ("%", "", true),
            ("", "a", false),
            ("", "", true),
            ("orders", "orders", true),
            ("orders", "Orders", false),
            ("o%s", "orders", true),
            ("o%s", "order", false),
            ("%d%r%", "orders", true),
            ("order_", "orders", true),
            ("order_", "order", false),
            ("my\\_t", "my_t", true),
            ("my\\_t", "myxt", false),
            ("100\\%", "100%", true),
            ("a\\\\b", "a\\b", true),
            ("žl_ý", "žlúý", true),
            ("%_%", "", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(passes(Some(pattern), name), expected, "{pattern} {name}");
        }
        assert!(passes(None, "anything"));
    }

    #[test]
    fn nasty_patterns_stay_quick() {
        assert!(!passes(Some(&"%a".repeat(100)), &"ab".repeat(5_000)));
    }
}
