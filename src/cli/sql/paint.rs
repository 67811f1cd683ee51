//! The colours of SQL, where it is typed and where it is shown.

use nu_ansi_term::{Color, Style};

use super::keywords::is_keyword;
use super::token::{Token, TokenKind, tokenize};
use crate::cli::output::terminal::Colours;

/// The pieces of `text` with their styles.
pub(crate) fn styled(text: &str) -> Vec<(Style, &str)> {
    let tokens = tokenize(text);
    let piece = |(index, token): (usize, &Token)| {
        let piece = &text[token.span.clone()];
        let next = tokens.get(index + 1).map(|next| &text[next.span.clone()]);
        (style(token, piece, next == Some("(")), piece)
    };
    tokens.iter().enumerate().map(piece).collect()
}

/// `text` with escape codes, if colours may be used.
pub(crate) fn paint(text: &str, colours: Colours) -> String {
    if !colours.any() {
        return text.to_owned();
    }
    let pieces = styled(text).into_iter();
    pieces
        .map(|(style, piece)| style.paint(piece).to_string())
        .collect()
}

fn style(token: &Token, text: &str, is_called: bool) -> Style {
    let plain = Style::new();
    match token.kind {
        TokenKind::Word if is_keyword(text) => plain.bold().fg(Color::Blue),
        TokenKind::Word if is_called => plain.fg(Color::Cyan),
        TokenKind::Text if !token.closed => plain.fg(Color::Green).underline(),
        TokenKind::Text => plain.fg(Color::Green),
        TokenKind::Number => plain.fg(Color::Magenta),
        TokenKind::Parameter => plain.fg(Color::Yellow),
        TokenKind::Comment => plain.fg(Color::DarkGray),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_colours_and_nothing_is_lost() {
        let text = "select cohort_month(ts), 'x' -- 1";
        let pieces = styled(text);
        let whole: String = pieces.iter().map(|(_, piece)| *piece).collect();
        assert_eq!(whole, text);
        let of = |text: &str| pieces.iter().find(|(_, piece)| *piece == text).unwrap().0;
        assert_eq!(of("select").foreground, Some(Color::Blue));
        assert_eq!(of("cohort_month").foreground, Some(Color::Cyan));
        assert_eq!(of("ts").foreground, None);
        assert_eq!(of("'x'").foreground, Some(Color::Green));
        assert_eq!(of("-- 1").foreground, Some(Color::DarkGray));
    }

    #[test]
    fn an_open_string_is_underlined_and_colours_can_be_off() {
        assert!(styled("select 'x").last().unwrap().0.is_underline);
        assert_eq!(paint("select 1", Colours::None), "select 1");
        assert!(paint("select 1", Colours::Indexed).contains('\u{1b}'));
    }
}
