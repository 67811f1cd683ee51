//! Which models are meant: names, tags and folders, with what lies before and behind them.
//!
//! A selection is a list of terms, of which any may match. A term is one or more criteria with
//! commas between them, all of which must match. A criterion is a name or a pattern of names, a tag
//! (`tag:orders`), or a folder or file below `sql/` (`path:marts`, `marts/`); with `+` before it,
//! what it is made of is meant too, with `+` behind it, what is made of it. A number says how many
//! steps: `2+mart_rfm`, `stg_orders+1`.

use std::collections::BTreeSet;

use glob::Pattern;

use super::graph::Graph;
use super::model::Model;
use crate::EngineError;
use crate::nearest::did_you_mean;

/// The models that are meant.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Terms of those that are; the project's own choice when there are none.
    pub select: Vec<String>,
    /// Terms of those that are not.
    pub exclude: Vec<String>,
}

/// The models that any of some terms means.
///
/// # Errors
/// For a term that means nothing.
pub(super) fn matching(
    terms: &[String],
    models: &[&Model],
    graph: &Graph,
) -> Result<BTreeSet<String>, EngineError> {
    let mut all = BTreeSet::new();
    for term in terms.iter().flat_map(|terms| terms.split_whitespace()) {
        let mut found: Option<BTreeSet<String>> = None;
        for criterion in term.split(',') {
            let matches = Criterion::parse(criterion)?.matches(models, graph)?;
            found = Some(match found {
                Some(found) => &found & &matches,
                None => matches,
            });
        }
        all.extend(found.unwrap_or_default());
    }
    Ok(all)
}

/// A criterion, and how many steps before and behind what it matches are meant too.
#[derive(Debug, PartialEq, Eq)]
struct Criterion<'a> {
    text: &'a str,
    what: What<'a>,
    before: usize,
    behind: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum What<'a> {
    Name(&'a str),
    Tag(&'a str),
    Path(&'a str),
}

impl<'a> Criterion<'a> {
    fn parse(text: &'a str) -> Result<Self, EngineError> {
        let wrong = |expected: &str| EngineError::Config {
            message: format!("selection {text:?}: {expected}"),
        };
        let (before, rest) = match text.split_once('+') {
            Some((steps, rest)) if steps.chars().all(|c| c.is_ascii_digit()) => {
                (parsed_steps(steps), rest)
            }
            _ => (0, text),
        };
        let (behind, rest) = match rest.rsplit_once('+') {
            Some((rest, steps)) if steps.chars().all(|c| c.is_ascii_digit()) => {
                (parsed_steps(steps), rest)
            }
            _ => (0, rest),
        };
        let what = match rest.split_once(':') {
            Some(("tag", tag)) => What::Tag(tag),
            Some(("path", path)) => What::Path(path),
            Some((method, _)) => {
                return Err(wrong(&format!(
                    "expected a name, tag:NAME or path:PATH, got {method:?} before the colon"
                )));
            }
            None if rest.contains('/') => What::Path(rest),
            None => What::Name(rest),
        };
        if rest.is_empty() {
            return Err(wrong("expected a model's name, got nothing"));
        }
        Ok(Self {
            text,
            what,
            before,
            behind,
        })
    }

    fn matches(&self, models: &[&Model], graph: &Graph) -> Result<BTreeSet<String>, EngineError> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let matching = models.iter().filter(|model| self.what.is(model));
        for model in matching {
            found.insert(model.name.clone());
            found.extend(graph.before(&model.name, self.before));
            found.extend(graph.behind(&model.name, self.behind));
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let near = match self.what {
            What::Name(name) => did_you_mean(name, models.iter().map(|model| &model.name)),
            What::Tag(tag) => {
                let tags = models.iter().flat_map(|model| &model.properties.tags);
                did_you_mean(tag, tags)
            }
            What::Path(_) => String::new(),
        };
        Err(EngineError::Config {
            message: format!("selection {:?} matches no model{near}", self.text),
        })
    }
}

impl What<'_> {
    fn is(&self, model: &Model) -> bool {
        match self {
            Self::Name(name) if name.contains(['*', '?']) => {
                Pattern::new(name).is_ok_and(|pattern| pattern.matches(&model.name))
            }
            Self::Name(name) => model.name == *name,
            Self::Tag(tag) => model.properties.tags.iter().any(|own| own == tag),
            Self::Path(path) => {
                let path = path.strip_prefix("sql/").unwrap_or(path);
                let path = path.trim_end_matches('/');
                let rest = model.path.strip_prefix(path);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

/// A number of steps; as many as there are when none is said.
fn parsed_steps(digits: &str) -> usize {
    digits.parse().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pluses_and_numbers_say_how_far() {
        for (text, what, before, behind) in [
            ("a", What::Name("a"), 0, 0),
            ("+a", What::Name("a"), usize::MAX, 0),
            ("2+a+1", What::Name("a"), 2, 1),
            ("tag:x+", What::Tag("x"), 0, usize::MAX),
            ("marts/", What::Path("marts/"), 0, 0),
            (
                "+path:marts/a.sql",
                What::Path("marts/a.sql"),
                usize::MAX,
                0,
            ),
        ] {
            let expected = Criterion {
                text,
                what,
                before,
                behind,
            };
            assert_eq!(Criterion::parse(text).unwrap(), expected);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, expected) in [
            ("+", "selection \"+\": expected a model's name, got nothing"),
            ("tga:x", "got \"tga\" before the colon"),
        ] {
            let error = Criterion::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
