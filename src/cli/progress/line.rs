//! One line of standard error for the bar.

use std::io::{self, Write, stderr};

use indicatif::TermLike;

/// Columns left free at the end. The bar fills its line, and the `^C` that the
/// terminal shows would begin another one, which nobody would clear.
const MARGIN: u16 = 4;
/// For a terminal that does not say how wide it is.
const USUAL_WIDTH: u16 = 80;

/// The terminal at standard error, a little narrower than it is.
#[derive(Debug)]
pub(super) struct Line;

impl Line {
    fn write(text: &str) -> io::Result<()> {
        stderr().write_all(text.as_bytes())
    }

    fn move_by(n: usize, letter: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => Self::write(&format!("\u{1b}[{n}{letter}")),
        }
    }
}

impl TermLike for Line {
    fn width(&self) -> u16 {
        let size = terminal_size::terminal_size_of(stderr());
        let width = size.map_or(USUAL_WIDTH, |(width, _)| width.0);
        width.saturating_sub(MARGIN).max(1)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        Self::move_by(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        Self::move_by(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        Self::move_by(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        Self::move_by(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        Self::write(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        Self::write(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        Self::write("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        stderr().flush()
    }
}
