//! Patterns of events, as they are written, and as steps to search for.
//!
//! ```text
//! pattern = { step }
//! step    = "(?" number ")"                         an event of the condition of that number
//!         | "."                                     any one event
//!         | ".*"                                    any number of events, also none
//!         | "(?t" comparison number ")"             any number of events, for so many seconds
//! comparison = ">=" | ">" | "<=" | "<" | "=="
//! ```
//!
//! There are no blanks, and no time condition follows another.

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An event on which the condition of this bit holds.
    Event(u32),
    /// Any event.
    Any,
    /// As few events as the rest allows.
    Skip,
    /// As few events as the rest allows, the next one being at least and at most so many ticks
    /// after the event before this step; after none when `least` is above `most`.
    Elapsed {
        /// The fewest ticks.
        least: u64,
        /// The most ticks.
        most: u64,
        /// Whether it holds where there is no next event.
        open: bool,
    },
}

impl Step {
    /// Whether it takes exactly one event.
    pub(crate) fn takes_one(self) -> bool {
        matches!(self, Self::Event(_) | Self::Any)
    }
}

/// Where a pattern is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// The character, from 1.
    pub(crate) position: usize,
    /// What should be there.
    pub(crate) expected: String,
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Reads a pattern over so many conditions, at most 32, for times with ticks of `tick_nanos`
/// nanoseconds. Several `.*` one after another become one.
///
/// # Errors
///
/// The first character that does not fit.
pub(crate) fn parse(
    text: &str,
    conditions: usize,
    tick_nanos: u64,
) -> Result<Vec<Step>, Unexpected> {
    let mut reader = Reader { text, rest: text };
    let mut steps: Vec<Step> = Vec::new();
    while !reader.rest.is_empty() {
        let before = reader.rest;
        let step = reader.step(conditions, u128::from(tick_nanos.max(1)))?;
        match (steps.last(), step) {
            (Some(Step::Skip), Step::Skip) => continue,
            (Some(Step::Elapsed { .. }), Step::Elapsed { .. }) => {
                return Err(reader.unexpected(before, "\"(?\" and a condition, \".\" or \".*\""));
            }
            _ => steps.push(step),
        }
    }
    Ok(steps)
}

/// What is left of a pattern.
struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn step(&mut self, conditions: usize, tick: u128) -> Result<Step, Unexpected> {
        if self.take("(?t") {
            let elapsed = self.elapsed(tick)?;
            self.close()?;
            return Ok(elapsed);
        }
        if self.take("(?") {
            let before = self.rest;
            let number = self.number("\"t\" or the number of a condition")?;
            let bit = number
                .checked_sub(1)
                .filter(|&bit| bit < (conditions as u64).min(32))
                .ok_or_else(|| {
                    let expected = format!("the number of a condition, 1 to {conditions}");
                    self.unexpected(before, &expected)
                })?;
            self.close()?;
            return Ok(Step::Event(1 << bit));
        }
        if self.take(".*") {
            return Ok(Step::Skip);
        }
        if self.take(".") {
            return Ok(Step::Any);
        }
        Err(self.unexpected(self.rest, "\"(?\", \".\" or \".*\""))
    }

    fn elapsed(&mut self, tick: u128) -> Result<Step, Unexpected> {
        let comparisons = [">=", "<=", "==", ">", "<"];
        let Some(comparison) = comparisons.into_iter().find(|name| self.take(name)) else {
            let expected = "\">=\", \">\", \"<=\", \"<\" or \"==\"";
            return Err(self.unexpected(self.rest, expected));
        };
        let nanos = u128::from(self.number("a number of seconds")?) * NANOS_PER_SECOND;
        // Nothing has come too late where nothing comes, and ">=0" asks for nothing.
        let open = matches!(comparison, "<" | "<=") || comparison == ">=" && nanos == 0;
        // So many ticks are at most, or at least, that long.
        let (within, covering) = (nanos / tick, nanos.div_ceil(tick));
        let (least, end) = match comparison {
            ">=" => (covering, u128::MAX),
            ">" => (within + 1, u128::MAX),
            "<=" => (0, within + 1),
            "<" => (0, covering),
            _ => (covering, within + 1),
        };
        // No two times are 2⁶⁴ ticks apart.
        Ok(match (u64::try_from(least), end.checked_sub(1)) {
            (Ok(least), Some(most)) if u128::from(least) <= most => Step::Elapsed {
                least,
                most: u64::try_from(most).unwrap_or(u64::MAX),
                open,
            },
            _ => Step::Elapsed {
                least: 1,
                most: 0,
                open,
            },
        })
    }

    fn number(&mut self, expected: &str) -> Result<u64, Unexpected> {
        let before = self.rest;
        let digits = before.len()
            - before
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let (number, rest) = before.split_at(digits);
        self.rest = rest;
        number
            .parse()
            .map_err(|_| self.unexpected(before, expected))
    }

    fn close(&mut self) -> Result<(), Unexpected> {
        match self.take(")") {
            true => Ok(()),
            false => Err(self.unexpected(self.rest, "\")\"")),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `expected` where `rest` begins.
    fn unexpected(&self, rest: &'a str, expected: &str) -> Unexpected {
        let read = self.text.len() - rest.len();
        let characters = self.text.char_indices().take_while(|&(at, _)| at < read);
        Unexpected {
            position: characters.count() + 1,
            expected: expected.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn every_step_is_read() {
        let steps = parse("(?1).*.*(?t>=5).(?02)", 2, SECOND).unwrap();
        let elapsed = Step::Elapsed {
            least: 5,
            most: u64::MAX,
            open: false,
        };
        let [first, second] = [Step::Event(1), Step::Event(2)];
        assert_eq!(steps, [first, Step::Skip, elapsed, Step::Any, second]);
        assert_eq!(parse("", 1, SECOND), Ok(vec![]));
        assert_eq!(parse("(?32)", 32, SECOND), Ok(vec![Step::Event(1 << 31)]));
    }

    /// So many seconds in ticks of a second, a millisecond and a day. A time that falls between
    /// two days is at least the later and at most the earlier one.
    #[test]
    fn seconds_become_ticks() {
        let ticks = |condition: &str, tick: u64| {
            let steps = parse(&format!("(?t{condition})"), 1, tick).unwrap();
            match steps[..] {
                [Step::Elapsed { least, most, .. }] => (least <= most).then_some((least, most)),
                _ => None,
            }
        };
        let (milli, day) = (SECOND / 1_000, 86_400 * SECOND);
        let max = u64::MAX;
        for (condition, seconds, millis, days) in [
            (">=90000", (90_000, max), (90_000_000, max), (2, max)),
            (">90000", (90_001, max), (90_000_001, max), (2, max)),
            ("<=90000", (0, 90_000), (0, 90_000_000), (0, 1)),
            ("<90000", (0, 89_999), (0, 89_999_999), (0, 1)),
            ("<=86400", (0, 86_400), (0, 86_400_000), (0, 1)),
            ("<86400", (0, 86_399), (0, 86_399_999), (0, 0)),
            (">=0", (0, max), (0, max), (0, max)),
            ("<=0", (0, 0), (0, 0), (0, 0)),
            (
                "==86400",
                (86_400, 86_400),
                (86_400_000, 86_400_000),
                (1, 1),
            ),
        ] {
            assert_eq!(ticks(condition, SECOND), Some(seconds), "{condition}");
            assert_eq!(ticks(condition, milli), Some(millis), "{condition}");
            assert_eq!(ticks(condition, day), Some(days), "{condition}");
        }
        for (condition, tick) in [("<0", SECOND), ("==90000", day)] {
            assert_eq!(ticks(condition, tick), None, "{condition}");
        }
        let most = "18446744073709551615";
        assert_eq!(ticks(&format!(">={most}"), SECOND), Some((max, max)));
        assert_eq!(ticks(&format!(">{most}"), SECOND), None);
        assert_eq!(ticks(&format!(">={most}"), milli), None);
        assert_eq!(ticks(&format!("<={most}"), 1), Some((0, max)));
    }

    #[test]
    fn upper_bounds_hold_where_nothing_comes() {
        let conditions = [
            ("<0", true),
            ("<5", true),
            ("<=0", true),
            (">=0", true),
            (">=1", false),
            (">0", false),
            ("==0", false),
        ];
        for (condition, wanted) in conditions {
            let steps = parse(&format!("(?t{condition})"), 1, SECOND).unwrap();
            let is_open = matches!(steps[..], [Step::Elapsed { open: true, .. }]);
            assert_eq!(is_open, wanted, "{condition}");
        }
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, position, expected) in [
            ("abc", 1, "\"(?\", \".\""),
            ("(?1) (?2)", 5, "\"(?\", \".\""),
            ("(?1)*", 5, "\"(?\", \".\""),
            ("(1)", 1, "\"(?\", \".\""),
            ("(?", 3, "\"t\" or the number"),
            ("(?+1)", 3, "\"t\" or the number"),
            ("(?1", 4, "\")\""),
            (".(?0)", 4, "1 to 2"),
            ("(?3)", 3, "1 to 2"),
            ("(?1)(?t=1)", 8, "\">=\""),
            ("(?1)(?t>= 1)", 10, "a number of seconds"),
            ("(?1)(?t>=1.5)", 11, "\")\""),
            ("(?t>18446744073709551616)", 5, "a number of seconds"),
            ("(?t>1)(?t<2)", 7, "a condition"),
            (".é", 2, "\"(?\", \".\""),
            ("(?é)", 3, "\"t\" or the number"),
        ] {
            let error = parse(text, 2, SECOND).unwrap_err();
            assert_eq!(error.position, position, "{text}");
            assert!(error.expected.contains(expected), "{text}: {error:?}");
        }
    }
}
