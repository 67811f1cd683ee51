//! A test: what is expected of a relation, and what it means when it does not hold.

use std::collections::BTreeSet;

use super::declared::{Check, Severity};
use super::expectation::{Expectation, condition};
use super::freshness::{DeclaredFreshness, Freshness};
use super::limits::Limits;
use super::subject::Subject;
use crate::EngineError;
use crate::models::graph::{self, Needs};
use crate::models::library::Library;
use crate::models::model::Model;
use crate::models::reads::Query;

/// A name longer than this would be no name of a folder everywhere.
const LONGEST_NAME: usize = 120;

/// Something that must hold of what is built, or of what it is made of.
#[derive(Debug, Clone)]
pub struct Test {
    /// Its name, such as `not_null_mart_rfm_customer_id`.
    pub name: String,
    /// What it looks at; a query of `sql/tests/` looks at whatever it reads.
    pub subject: Option<Subject>,
    /// The column, of a test of one.
    pub column: Option<String>,
    /// What messages call its file.
    pub(in crate::models) label: String,
    /// Its file below `sql/`, of a query.
    pub(in crate::models) path: Option<String>,
    pub(in crate::models) tags: Vec<String>,
    pub(in crate::models) needs: Needs,
    pub(super) expectation: Expectation,
    pub(super) limits: Limits,
    /// A condition on the rows looked at.
    pub(super) condition: Option<String>,
}

impl Test {
    /// A check of a model or source.
    ///
    /// # Errors
    /// What is wrong with it, by file and column.
    pub(super) fn of_check(
        subject: &Subject,
        column: Option<&str>,
        check: &Check,
        label: &str,
        library: &Library,
    ) -> Result<Self, EngineError> {
        let given = &check.arguments;
        let place = match column {
            Some(column) => format!("{label}: column {column:?}"),
            None => label.to_owned(),
        };
        let wrong = |message: String| EngineError::Config {
            message: format!("{place}: {message}"),
        };
        let expectation = Expectation::of(check, column, library).map_err(wrong)?;
        let limits = Limits::new(
            given.severity,
            given.warn_above.as_ref(),
            given.error_above.as_ref(),
        );
        let filter = given.condition.as_deref().map(condition).transpose();
        let name = match &given.name {
            Some(name) if *name != plain(name) || name.is_empty() => {
                return Err(wrong(format!(
                    "name must be lower-case letters, digits and _, got {name:?}"
                )));
            }
            Some(name) => name.clone(),
            None => name_of(&expectation, subject, column),
        };
        let mut test = Self {
            name,
            subject: Some(subject.clone()),
            column: column.map(str::to_owned),
            label: place.clone(),
            path: None,
            tags: Vec::new(),
            needs: Needs::default(),
            expectation,
            limits: limits.map_err(wrong)?,
            condition: filter.map_err(wrong)?,
        };
        test.needs = test.read(subject, library)?;
        Ok(test)
    }

    /// The freshness of a source.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of_freshness(
        source: &str,
        declared: &DeclaredFreshness,
        label: &str,
        library: &Library,
    ) -> Result<Self, EngineError> {
        let label = format!("{label}: freshness");
        let wrong = |message: String| EngineError::Config {
            message: format!("{label}: {message}"),
        };
        let (freshness, condition) = Freshness::of(declared).map_err(wrong)?;
        let severity = match freshness.error_after {
            Some(_) => Severity::Error,
            None => Severity::Warn,
        };
        let limits = Limits::new(Some(severity), None, None).map_err(wrong)?;
        let subject = Subject::Source(source.to_owned());
        let column = freshness.column.clone();
        let expectation = Expectation::Freshness(freshness);
        let mut test = Self {
            name: name_of(&expectation, &subject, None),
            subject: Some(subject.clone()),
            column: Some(column),
            label,
            path: None,
            tags: Vec::new(),
            needs: Needs::default(),
            expectation,
            limits,
            condition,
        };
        test.needs = test.read(&subject, library)?;
        Ok(test)
    }

    /// A query of `sql/tests/`, which gives the rows that are wrong.
    ///
    /// # Errors
    /// When its limits do not go together.
    pub(super) fn of_query(file: &Model, query: &Query, needs: Needs) -> Result<Self, EngineError> {
        let given = &file.properties;
        let limits = Limits::new(
            given.severity,
            given.warn_above.as_ref(),
            given.error_above.as_ref(),
        );
        Ok(Self {
            name: file.name.clone(),
            subject: None,
            column: None,
            label: file.label.clone(),
            path: Some(file.path.clone()),
            tags: given.tags.clone(),
            needs,
            expectation: Expectation::NoRows(query.clone()),
            limits: limits.map_err(|message| EngineError::Config {
                message: format!("{}: {message}", file.label),
            })?,
            condition: None,
        })
    }

    /// The word for what is expected.
    pub fn kind(&self) -> &'static str {
        self.expectation.word()
    }

    /// The worst that a failure is.
    pub fn severity(&self) -> Severity {
        self.limits.severity()
    }

    /// Gives it another name than those that are taken, if it must.
    pub(super) fn named_apart(&mut self, taken: &mut BTreeSet<String>) {
        let name = self.name.clone();
        for number in 2.. {
            if taken.insert(self.name.clone()) {
                return;
            }
            self.name = format!("{name}_{number}");
        }
    }

    /// What it reads.
    fn read(&self, subject: &Subject, library: &Library) -> Result<Needs, EngineError> {
        let relations: Vec<String> = [Some(subject), self.expectation.other()]
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(number, relation)| format!("{} AS r{number}", relation.sql()))
            .collect();
        let fragments = self.expectation.fragments();
        let conditions: Vec<String> = fragments
            .iter()
            .chain(&self.condition)
            .map(|fragment| format!("({fragment}) IS NULL"))
            .collect();
        let filter = match conditions.is_empty() {
            true => "TRUE".to_owned(),
            false => conditions.join(" AND "),
        };
        let text = format!("SELECT 1 FROM {} WHERE {filter}", relations.join(", "));
        let query = Query::parse(&text).map_err(|error| error.about(&self.label))?;
        graph::found(&query, &[], &self.label, library)
    }
}

/// The name of a test that is given none.
fn name_of(expectation: &Expectation, subject: &Subject, column: Option<&str>) -> String {
    let mut parts = vec![expectation.word().to_owned(), subject.word()];
    match expectation {
        Expectation::Unique(columns) => parts.extend(columns.iter().cloned()),
        Expectation::RowCount { of, .. } => parts.push(of.word()),
        Expectation::Anomaly(anomaly) => {
            parts.extend(anomaly.by.clone());
            parts.push(anomaly.of.clone());
        }
        _ => parts.extend(column.map(str::to_owned)),
    }
    plain(&parts.join("_"))
}

/// A text of lower-case letters, digits and single `_`, which every place takes as a name.
fn plain(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric();
    let words = text.split(|c: char| !fits(c));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let mut name = words.join("_").to_lowercase();
    name.truncate(LONGEST_NAME);
    name.trim_end_matches('_').to_owned()
}
