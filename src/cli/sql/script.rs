//! Cutting a script into statements and commands of the shell.

use super::token::{TokenKind, tokenize};

/// One thing to do, with the byte at which its text begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// SQL up to its semicolon, which is not part of it.
    Statement { text: &'a str, start: usize },
    /// A line that begins with a backslash, without it.
    Command { text: &'a str, start: usize },
}

/// The statements and commands of `script`, in order. What follows the last
/// semicolon counts as a statement too.
pub(crate) fn split(script: &str) -> Vec<Item<'_>> {
    scan(script).0
}

/// Whether a person who typed `text` and pressed Enter is done: the text is a
/// command, nothing at all, or ends with a semicolon outside strings and
/// comments.
pub(crate) fn is_finished(text: &str) -> bool {
    scan(text).1
}

/// The items of `script`, and whether the last one is finished.
fn scan(script: &str) -> (Vec<Item<'_>>, bool) {
    let mut items = Vec::new();
    let mut line = 0;
    loop {
        match scan_to_command(script, line, &mut items) {
            // Tokens begin anew after a command: an apostrophe in one opens no
            // string.
            Reached::Command { next_line } => line = next_line,
            Reached::End { finished } => return (items, finished),
        }
    }
}

enum Reached {
    Command { next_line: usize },
    End { finished: bool },
}

/// Adds the statements from byte `from` on, up to the first command, and that.
fn scan_to_command<'a>(script: &'a str, from: usize, items: &mut Vec<Item<'a>>) -> Reached {
    let mut begin: Option<usize> = None;
    let mut end = from;
    let mut closed = true;
    for token in tokenize(&script[from..]) {
        let (start, stop) = (from + token.span.start, from + token.span.end);
        closed = token.closed;
        match (token.kind, begin) {
            (TokenKind::Space | TokenKind::Comment, _) => {}
            (TokenKind::Semicolon, Some(first)) => {
                items.push(statement(script, first, start));
                begin = None;
            }
            (TokenKind::Semicolon, None) => {}
            (TokenKind::Backslash, None) => {
                let rest = &script[stop..];
                let text = &rest[..rest.find('\n').unwrap_or(rest.len())];
                items.push(Item::Command { text, start });
                return Reached::Command {
                    next_line: stop + text.len(),
                };
            }
            (_, first) => {
                begin = first.or(Some(start));
                end = stop;
            }
        }
    }
    items.extend(begin.map(|first| statement(script, first, end)));
    Reached::End {
        finished: begin.is_none() && closed,
    }
}

fn statement(script: &str, start: usize, end: usize) -> Item<'_> {
    let text = script[start..end].trim_end();
    Item::Statement { text, start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<String> {
        split(script)
            .into_iter()
            .map(|item| match item {
                Item::Statement { text, start } => {
                    assert!(script[start..].starts_with(text));
                    text.to_owned()
                }
                Item::Command { text, start } => {
                    assert!(script[start..].starts_with('\\'));
                    format!("command:{text}")
                }
            })
            .collect()
    }

    #[test]
    fn statements_end_at_semicolons_outside_quotes() {
        assert_eq!(
            texts("select ';'; -- a; b\nselect 2;\n\n ;select 3 -- end"),
            vec!["select ';'", "select 2", "select 3"]
        );
        assert!(texts(" -- nothing\n;").is_empty());
    }

    #[test]
    fn commands_are_lines() {
        assert_eq!(
            texts("\\d orders; --x\nselect 1;\\timing\nselect 2"),
            vec![
                "command:d orders; --x",
                "select 1",
                "command:timing",
                "select 2"
            ]
        );
        assert_eq!(texts("select '\\d'"), vec!["select '\\d'"]);
        // An apostrophe in a command must not swallow what follows.
        assert_eq!(
            texts("\\i don't.sql\nselect 1"),
            vec!["command:i don't.sql", "select 1"]
        );
    }

    #[test]
    fn a_statement_is_finished_by_a_semicolon_and_a_command_by_its_line() {
        for done in [
            "",
            "  ",
            "select 1;",
            "select 1; -- x",
            "\\dt",
            "select 1; \\x",
            "\\i a'b",
        ] {
            assert!(is_finished(done), "{done}");
        }
        for open in [
            "select 1",
            "select ';",
            "select 1 /* ;",
            "select '\\d'",
            "a;b",
            "\\d\nselect 1",
        ] {
            assert!(!is_finished(open), "{open}");
        }
    }
}
