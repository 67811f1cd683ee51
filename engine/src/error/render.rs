//! Shows an error at its place in the SQL text.

use super::Location;

/// The message, the line that it is about, and a caret under the place.
pub(super) fn render(message: &str, location: Option<Location>, script: &str) -> String {
    let shown = location.and_then(|(line, column)| {
        let index = usize::try_from(line.checked_sub(1)?).ok()?;
        let text = script.lines().nth(index)?;
        let before = usize::try_from(column.saturating_sub(1)).ok()?;
        Some((line, text, before))
    });
    let Some((line, text, before)) = shown else {
        return message.to_owned();
    };
    let label = format!("LINE {line}: ");
    // A tab stays a tab, so that the caret stands under its character whatever the tab's width.
    let indent: String = label
        .chars()
        .map(|_| ' ')
        .chain(
            text.chars()
                .take(before)
                .map(|c| if c == '\t' { '\t' } else { ' ' }),
        )
        .collect();
    format!("{message}\n{label}{text}\n{indent}^")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let shown = render("no such column", Some((2, 4)), "SELECT\n\t  x\nFROM t");
        assert_eq!(shown, "no such column\nLINE 2: \t  x\n        \t  ^");
    }

    #[test]
    fn a_place_outside_the_text_shows_the_message_alone() {
        assert_eq!(render("odd", Some((9, 1)), "SELECT"), "odd");
        assert_eq!(render("odd", Some((0, 0)), "SELECT"), "odd");
        assert_eq!(render("odd", None, "SELECT"), "odd");
    }
}
