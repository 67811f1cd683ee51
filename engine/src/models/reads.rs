//! What a query reads: models, sources and variables, found from the SQL itself.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{self, Expr, Value, visit_expressions};

use crate::environment::{CATALOG, SCHEMA, SOURCES};
use crate::parameters::Parameter;
use crate::statement::STORED_RECURSION_LIMIT;
use crate::{EngineError, Statement, sql};

/// A query of a model, a test or a variable, and what it reads.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) statement: Statement,
    /// Models, and tables that the engine has besides.
    pub(super) relations: BTreeSet<String>,
    pub(super) sources: BTreeSet<String>,
    pub(super) variables: BTreeSet<String>,
}

impl Query {
    /// Reads a text with one query.
    ///
    /// # Errors
    /// When it does not parse, is no query or has parameters without names.
    pub(super) fn parse(text: &str) -> Result<Self, EngineError> {
        let statements = Statement::parse_all(text, STORED_RECURSION_LIMIT)?;
        let [statement] = statements.as_slice() else {
            return Err(EngineError::Syntax {
                message: format!("expected one query, got {} statements", statements.len()),
                location: statements.get(1).map(Statement::location),
            });
        };
        let Ast::Statement(parsed) = statement.ast() else {
            return Err(no_query());
        };
        if !matches!(parsed.as_ref(), ast::Statement::Query(_)) {
            return Err(no_query());
        }
        let mut query = Self {
            statement: statement.clone(),
            relations: BTreeSet::new(),
            sources: BTreeSet::new(),
            variables: variables(parsed)?,
        };
        let (references, _) =
            resolve_table_references(&sql::prepare(statement.ast().clone())?, true)?;
        for reference in references {
            query.add(&reference);
        }
        Ok(query)
    }

    fn add(&mut self, reference: &TableReference) {
        let name = reference.clone().resolve(CATALOG, SCHEMA);
        match (&*name.catalog, &*name.schema) {
            (CATALOG, SCHEMA) => self.relations.insert(name.table.to_string()),
            (CATALOG, SOURCES) => self.sources.insert(name.table.to_string()),
            _ => false,
        };
    }
}

fn variables(statement: &ast::Statement) -> Result<BTreeSet<String>, EngineError> {
    let mut found = BTreeSet::new();
    let walked = visit_expressions(statement, |expression| {
        let Expr::Value(value) = expression else {
            return ControlFlow::Continue(());
        };
        let Value::Placeholder(placeholder) = &value.value else {
            return ControlFlow::Continue(());
        };
        match Parameter::parse(placeholder) {
            Ok(Parameter::Name(name)) => {
                found.insert(name);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(EngineError::Syntax {
                message: format!("a variable must be written $name, got {placeholder}"),
                location: None,
            }),
        }
    });
    match walked {
        ControlFlow::Continue(()) => Ok(found),
        ControlFlow::Break(error) => Err(error),
    }
}

fn no_query() -> EngineError {
    EngineError::Syntax {
        message: "expected a query, got another statement".to_owned(),
        location: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let query = Query::parse(text).unwrap();
        let list = |set: BTreeSet<String>| set.into_iter().collect();
        (
            list(query.relations),
            list(query.sources),
            list(query.variables),
        )
    }

    #[test]
    fn names_of_ctes_are_those_of_models_only_outside() {
        let (relations, sources, _) = found(
            "WITH orders AS (SELECT * FROM source.orders), stg AS (SELECT * FROM stg) \
             SELECT * FROM orders JOIN stg USING (id) \
             WHERE EXISTS (WITH inner_one AS (SELECT 1) SELECT * FROM inner_one) \
             UNION ALL SELECT * FROM inner_one",
        );
        assert_eq!(relations, ["inner_one", "stg"]);
        assert_eq!(sources, ["orders"]);
    }

    #[test]
    fn inputs_of_reports_and_subqueries_count() {
        let (relations, _, variables) = found(
            "SELECT * FROM cohort_retention(a, customer => c, ts => t, unit => $unit) \
             WHERE x IN (SELECT x FROM public.b) LIMIT $most",
        );
        let models: Vec<_> = relations.iter().filter(|name| name.len() == 1).collect();
        assert_eq!(models, ["a", "b"]);
        assert_eq!(variables, ["most", "unit"]);
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for (text, expected) in [
            ("DELETE FROM a", "expected a query"),
            ("SELECT 1; SELECT 2", "expected one query, got 2"),
            ("", "expected one query, got 0"),
            ("SELECT $1", "must be written $name, got $1"),
        ] {
            let error = Query::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
