//! A pager that starts only when the terminal is too small for what comes.

use std::env;
use std::io::{self, Write, stdout};
use std::process::{Child, Command, Stdio};

use unicode_width::UnicodeWidthStr;

/// Text for the terminal: held back until it is known whether it fits.
pub(super) struct Paged {
    width: usize,
    height: usize,
    held: Vec<u8>,
    lines: usize,
    state: State,
}

enum State {
    /// It may still fit.
    Holding,
    /// It does not, and a pager shows it.
    Paging(Child),
    /// It does not, and there is no pager.
    Plain,
}

impl Paged {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            held: Vec::new(),
            lines: 0,
            state: State::Holding,
        }
    }

    fn is_showing(&self) -> bool {
        !matches!(self.state, State::Holding)
    }

    /// Shows what is held back, and waits for the reader to close the pager.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        match &mut self.state {
            State::Holding | State::Plain => {
                let mut out = stdout().lock();
                out.write_all(&held)?;
                out.flush()
            }
            State::Paging(child) => {
                drop(child.stdin.take());
                child.wait().map(|_| ())
            }
        }
    }

    fn overflows(&self, bytes: &[u8]) -> bool {
        let tall = self.lines + 1 >= self.height;
        let text = String::from_utf8_lossy(bytes);
        tall || text.lines().any(|line| visible_width(line) > self.width)
    }

    fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.state {
            State::Paging(child) => match child.stdin.as_mut() {
                Some(stdin) => stdin.write_all(bytes),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
            State::Holding | State::Plain => stdout().lock().write_all(bytes),
        }
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_showing() {
            self.pass_on(bytes)?;
            return Ok(bytes.len());
        }
        self.lines += bytes.iter().filter(|&&byte| byte == b'\n').count();
        let line = self
            .held
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        self.held.extend_from_slice(bytes);
        if self.overflows(&self.held[line..]) {
            self.state = start_pager().map_or(State::Plain, State::Paging);
            let held = std::mem::take(&mut self.held);
            self.pass_on(&held)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Paged {
    /// A query that fails half-way still leaves the pager to the reader.
    fn drop(&mut self) {
        if let State::Paging(child) = &mut self.state {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

/// `$PAGER` through the shell, or `less`; none if neither starts.
fn start_pager() -> Option<Child> {
    let chosen = env::var("PAGER")
        .ok()
        .filter(|pager| !pager.trim().is_empty());
    let mut command = match &chosen {
        Some(pager) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(pager);
            shell
        }
        None => Command::new("less"),
    };
    if chosen.as_deref().is_none_or(|pager| pager == "less") {
        command = Command::new("less");
        command.args(["-S", "-R", "-F"]);
    }
    command.stdin(Stdio::piped()).spawn().ok()
}

/// Columns that a line takes, escape codes not counted.
fn visible_width(line: &str) -> usize {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // ESC [ parameters letter
            chars.find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_take_no_room() {
        assert_eq!(visible_width("\u{1b}[1mbold\u{1b}[0m 数"), 7);
    }

    #[test]
    fn what_fits_is_held_back() {
        let mut paged = Paged::new(10, 4);
        write!(paged, "1234567890\nb\n").unwrap();
        assert!(!paged.is_showing() && !paged.overflows(b"1234567890"));
        assert!(paged.overflows(b"12345678901"));
        paged.lines += 1;
        assert!(paged.overflows(b""));
    }
}
