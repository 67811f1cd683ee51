//! Which models and tests are meant: names, tags and folders, with what lies before and behind them.
//!
//! A selection is a list of terms, of which any may match. A term is one or more criteria with
//! commas between them, all of which must match. A criterion is a name or a pattern of names, a tag
//! (`tag:orders`), a folder or file below `sql/` (`path:marts`, `marts/`), or a source
//! (`source:orders`), which stands for what reads it, or a change (`state:new`, `state:modified`) since
//! a warehouse was built; with `+` before it, what it is made of is
//! meant too, with `+` behind it, what is made of it. A number says how many steps: `2+mart_rfm`,
//! `stg_orders+1`.
//!
//! Models bring their tests with them: those of a model that is meant, those of a source that one
//! reads, and queries all of whose models are meant.

use std::collections::BTreeSet;

use glob::Pattern;

use super::checks::{Subject, Test};
use super::graph::Graph;
use super::model::Model;
use super::state::State;
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

/// What a selection chooses from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nodes<'a> {
    pub(super) models: &'a [&'a Model],
    pub(super) tests: &'a [Test],
    pub(super) graph: &'a Graph,
    pub(super) state: Option<&'a State>,
}

/// The names of models and tests that are meant, and of those that are not.
#[derive(Debug)]
pub(super) struct Names {
    /// Everything where there is none.
    pub(super) selected: Option<BTreeSet<String>>,
    pub(super) excluded: BTreeSet<String>,
}

impl Names {
    /// Whether a model is meant.
    pub(super) fn has_model(&self, model: &str) -> bool {
        let selected = self.selected.as_ref();
        selected.is_none_or(|selected| selected.contains(model)) && !self.excluded.contains(model)
    }

    /// Whether a test is meant, by its name or by the models that are.
    pub(super) fn has_test(&self, test: &Test, graph: &Graph) -> bool {
        let is_excluded = |name: &String| self.excluded.contains(name);
        if is_excluded(&test.name) || test.needs.all().any(is_excluded) {
            return false;
        }
        let Some(selected) = &self.selected else {
            return true;
        };
        if selected.contains(&test.name) {
            return true;
        }
        match &test.subject {
            Some(Subject::Model(model)) => selected.contains(model),
            Some(Subject::Source(source)) => selected
                .iter()
                .any(|name| graph.needs(name).sources.contains(source)),
            None => {
                let mut reads = test.needs.models.iter().peekable();
                reads.peek().is_some() && reads.all(|name| selected.contains(name))
            }
        }
    }
}

/// The names of models and tests that any of some terms means.
///
/// # Errors
/// For a term that means nothing.
pub(super) fn matching(
    terms: &[String],
    nodes: Nodes<'_>,
) -> Result<BTreeSet<String>, EngineError> {
    let mut all = BTreeSet::new();
    for term in terms.iter().flat_map(|terms| terms.split_whitespace()) {
        let mut found: Option<BTreeSet<String>> = None;
        for criterion in term.split(',') {
            let matches = Criterion::parse(criterion)?.matches(nodes)?;
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
    Source(&'a str),
    /// Those that a warehouse does not have, or not so.
    State(Changed),
}

/// How a model differs from that of a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    New,
    Modified,
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
            Some(("source", source)) => What::Source(source),
            Some(("state", "new")) => What::State(Changed::New),
            Some(("state", "modified")) => What::State(Changed::Modified),
            Some(("state", _)) => return Err(wrong("expected state:new or state:modified")),
            Some((method, _)) => {
                return Err(wrong(&format!(
                    "expected a name, tag:NAME, path:PATH, source:NAME or state:modified, got {method:?} before the \
                     colon"
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

    fn matches(&self, nodes: Nodes<'_>) -> Result<BTreeSet<String>, EngineError> {
        let (models, graph) = (nodes.models, nodes.graph);
        let mut found: BTreeSet<String> = BTreeSet::new();
        let of_models = models
            .iter()
            .filter(|model| self.what.is_model(model, nodes))
            .map(|model| &model.name);
        let of_tests = nodes
            .tests
            .iter()
            .filter(|test| self.what.is_test(test))
            .map(|test| &test.name);
        for name in of_models.chain(of_tests) {
            found.insert(name.clone());
            found.extend(graph.before(name, self.before));
            found.extend(graph.behind(name, self.behind));
        }
        // That nothing has changed is no mistake.
        if !found.is_empty() || matches!(self.what, What::State(_)) {
            return Ok(found);
        }
        let near = match self.what {
            What::Name(name) => {
                let models = models.iter().map(|model| &model.name);
                let tests = nodes.tests.iter().map(|test| &test.name);
                did_you_mean(name, models.chain(tests))
            }
            What::Tag(tag) => {
                let tags = models.iter().flat_map(|model| &model.properties.tags);
                did_you_mean(tag, tags)
            }
            What::Source(source) => did_you_mean(source, graph.sources()),
            What::Path(_) | What::State(_) => String::new(),
        };
        let what = match nodes.tests {
            [] => "model",
            _ => "model or test",
        };
        Err(EngineError::Config {
            message: format!("selection {:?} matches no {what}{near}", self.text),
        })
    }
}

impl What<'_> {
    fn is_model(&self, model: &Model, nodes: Nodes<'_>) -> bool {
        let name = &model.name;
        match self {
            Self::Name(name) => is_name(name, &model.name),
            Self::Tag(tag) => model.properties.tags.iter().any(|own| own == tag),
            Self::Path(path) => is_below(path, &model.path),
            Self::Source(source) => nodes.graph.needs(name).sources.contains(*source),
            Self::State(changed) => nodes.state.is_some_and(|state| match changed {
                Changed::New => state.new.contains(name),
                Changed::Modified => state.modified.contains(name),
            }),
        }
    }

    /// Whether it means a test by itself. A source means its own, whoever reads it.
    fn is_test(&self, test: &Test) -> bool {
        match self {
            Self::Name(name) => is_name(name, &test.name),
            Self::Tag(tag) => test.tags.iter().any(|own| own == tag),
            Self::Path(path) => test.path.as_ref().is_some_and(|own| is_below(path, own)),
            Self::Source(source) => {
                matches!(&test.subject, Some(Subject::Source(own)) if own == source)
            }
            // Tests are not built.
            Self::State(_) => false,
        }
    }
}

/// Whether a name is the one wanted, or of the pattern.
fn is_name(wanted: &str, name: &str) -> bool {
    match wanted.contains(['*', '?']) {
        true => Pattern::new(wanted).is_ok_and(|pattern| pattern.matches(name)),
        false => wanted == name,
    }
}

/// Whether a file below `sql/` is the one wanted, or in that folder.
fn is_below(wanted: &str, path: &str) -> bool {
    let wanted = wanted.strip_prefix("sql/").unwrap_or(wanted);
    let rest = path.strip_prefix(wanted.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
                "state:modified+",
                What::State(Changed::Modified),
                0,
                usize::MAX,
            ),
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
            ("state:odd", "expected state:new or state:modified"),
        ] {
            let error = Criterion::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
