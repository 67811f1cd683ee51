//! How deep a statement's tree gets, told from its tokens.
//!
//! The parser bounds how deeply a statement is nested. What it reads in a loop, it does not:
//! `1 + 1 + 1 …`, `SELECT … UNION SELECT …`, a list of joins or of common table expressions. Each
//! link of such a chain is one more level of the tree, and whoever walks the tree, or lets it go,
//! takes stack for each level. A stack that is at its end takes the process with it.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::EngineError;

/// Links that may hang on one another: more than what programs write out, and few enough for the
/// stacks of the compute threads.
const MOST_LINKS: usize = 3_000;

/// Refuses statements that are chained too long.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Result<(), EngineError> {
    let mut outer = Vec::new();
    let mut outer_links = 0;
    let mut level = Level::default();
    for TokenWithSpan { token, span } in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                // What is in brackets hangs on what is before them.
                level.links += 1;
                outer_links += level.depth();
                outer.push(std::mem::take(&mut level));
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                level = outer.pop().unwrap_or_default();
                outer_links = outer_links.saturating_sub(level.depth());
                // Calls side by side do not hang on one another.
                if matches!(token, Token::RParen) {
                    level.links = level.links.saturating_sub(1);
                }
            }
            Token::SemiColon => {
                outer.clear();
                outer_links = 0;
                level = Level::default();
            }
            other => level.see(other),
        }
        if outer_links + level.depth() > MOST_LINKS {
            return Err(too_long(span.start));
        }
    }
    Ok(())
}

fn too_long(place: Location) -> EngineError {
    EngineError::Syntax {
        message: format!(
            "more than {MOST_LINKS} operators, joins or set operations hang on one another; write \
             values into a list (IN, VALUES) or into a table"
        ),
        location: Some((place.line, place.column)),
    }
}

/// What stands between two brackets.
#[derive(Default)]
struct Level {
    /// Set operations and common table expressions.
    queries: usize,
    /// Tables joined in the clause at hand.
    tables: usize,
    /// Operators of the expression at hand.
    links: usize,
    list: List,
}

/// What a comma separates.
#[derive(Default, Clone, Copy, PartialEq)]
enum List {
    #[default]
    Expressions,
    Tables,
    Queries,
}

impl Level {
    fn depth(&self) -> usize {
        self.queries + self.tables + self.links
    }

    fn see(&mut self, token: &Token) {
        match token {
            Token::Word(word) => self.see_keyword(word.keyword),
            Token::Comma => {
                self.links = 0;
                match self.list {
                    List::Expressions => {}
                    List::Tables => self.tables += 1,
                    List::Queries => self.queries += 1,
                }
            }
            Token::Whitespace(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period
            | Token::EOF => {}
            _ => self.links += 1,
        }
    }

    fn see_keyword(&mut self, keyword: Keyword) {
        match keyword {
            Keyword::AND
            | Keyword::OR
            | Keyword::XOR
            | Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::RLIKE
            | Keyword::REGEXP
            | Keyword::SIMILAR
            | Keyword::BETWEEN
            | Keyword::COLLATE
            | Keyword::DIV
            | Keyword::AT => self.links += 1,
            Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT => {
                *self = Self {
                    queries: self.queries + 1,
                    ..Self::default()
                };
            }
            Keyword::WITH => self.list = List::Queries,
            Keyword::SELECT => {
                *self = Self {
                    queries: self.queries,
                    ..Self::default()
                };
            }
            Keyword::FROM => {
                self.links = 0;
                self.list = List::Tables;
            }
            Keyword::JOIN => {
                self.links = 0;
                self.tables += 1;
            }
            Keyword::WHERE | Keyword::GROUP | Keyword::HAVING | Keyword::ORDER => {
                self.links = 0;
                self.list = List::Expressions;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::tokenizer::Tokenizer;

    use super::*;
    use crate::sql::dialect;

    fn checked(sql: &str) -> Result<(), EngineError> {
        let tokens = Tokenizer::new(dialect(), sql).tokenize_with_location();
        check(&tokens.unwrap())
    }

    fn chained(before: &str, link: &str, times: usize) -> String {
        format!("SELECT {before}{}", link.repeat(times))
    }

    #[test]
    fn chains_are_bounded_wherever_they_hang() {
        for (before, link) in [
            ("1", " + 1"),
            ("a FROM t WHERE a = 1", " OR a = 1"),
            ("1", " UNION ALL SELECT 1"),
            ("1", " EXCEPT SELECT 1, 2"),
            ("1", "::BIGINT"),
            ("a", "[1]"),
            ("1 FROM t", ", t"),
            ("1 FROM t", " JOIN t ON t.a = t.b"),
            ("'a'", " || 'a'"),
            ("a IS NULL", " IS NULL"),
            ("(1)", " + (1)"),
        ] {
            let error = checked(&chained(before, link, MOST_LINKS + 1)).unwrap_err();
            assert!(error.to_string().contains("hang on one another"), "{link}");
            checked(&chained(before, link, MOST_LINKS / 3)).unwrap_or_else(|error| {
                panic!("{link}: {error}");
            });
        }
        let queries: String = (0..=MOST_LINKS)
            .map(|n| format!(", q{n} AS (SELECT 1)"))
            .collect();
        checked(&format!("WITH q AS (SELECT 1){queries} SELECT 1")).unwrap_err();
        let nested = format!(
            "SELECT {}(SELECT 1{})",
            "1 + ".repeat(MOST_LINKS / 2 + 1),
            " + 1".repeat(MOST_LINKS / 2 + 1)
        );
        checked(&nested).unwrap_err();
    }

    #[test]
    fn what_stands_side_by_side_is_not_chained() {
        for (before, item) in [
            ("SELECT 1", ", a + b * c"),
            ("SELECT a IN (1", ", -1"),
            ("INSERT INTO t VALUES (1, -2)", ", (1, -2)"),
            ("SELECT 1", "; SELECT 1 + 1"),
            ("SELECT f(1)", ", f(g(1) + 1)"),
        ] {
            let sql = format!("{before}{}", item.repeat(3 * MOST_LINKS));
            checked(&sql).unwrap_or_else(|error| panic!("{item}: {error}"));
        }
    }
}
