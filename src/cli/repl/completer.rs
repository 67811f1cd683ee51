//! Completion, as the editor asks for it.

use nu_ansi_term::{Color, Style};
use reedline::{Completer, CompletionResult, Span, Suggestion};

use super::names::SharedNames;
use super::suggest::{Kind, suggest};

pub(super) struct SqlCompleter {
    names: SharedNames,
}

impl SqlCompleter {
    pub(super) fn new(names: SharedNames) -> Self {
        Self { names }
    }
}

impl Completer for SqlCompleter {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let (start, found) = suggest(line, position, &self.names.get());
        let suggestions = found.into_iter().map(|found| Suggestion {
            style: Some(style(found.kind)),
            append_whitespace: matches!(found.kind, Kind::Keyword | Kind::Table | Kind::Command),
            value: found.text,
            description: found.about.filter(|about| !about.is_empty()),
            span: Span::new(start, position),
            ..Suggestion::default()
        });
        CompletionResult::fresh(suggestions.collect::<Vec<_>>())
    }
}

fn style(kind: Kind) -> Style {
    let plain = Style::new();
    match kind {
        Kind::Keyword => plain.fg(Color::Blue),
        Kind::Function => plain.fg(Color::Cyan),
        Kind::Table => plain.fg(Color::Yellow),
        Kind::Column => plain,
        Kind::Command => plain.fg(Color::Purple),
    }
}
