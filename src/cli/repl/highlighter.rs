//! Colours for the line being typed.

use nu_ansi_term::{Color, Style};
use reedline::{Highlighter, StyledText};

use crate::cli::sql::paint::styled;

pub(super) struct SqlHighlighter;

impl Highlighter for SqlHighlighter {
    fn highlight(&self, line: &str, _cursor: usize) -> StyledText {
        let mut text = StyledText::new();
        if line.trim_start().starts_with('\\') {
            text.push((Style::new().fg(Color::Purple), line.to_owned()));
            return text;
        }
        for (style, piece) in styled(line) {
            text.push((style, piece.to_owned()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_a_colour_of_their_own() {
        let text = SqlHighlighter.highlight("\\d 'orders", 0);
        assert_eq!(text.buffer.len(), 1);
        assert_eq!(text.buffer[0].0.foreground, Some(Color::Purple));
        assert!(SqlHighlighter.highlight("select 1", 0).buffer.len() > 1);
    }
}
