//! What a planned statement was made from.

use std::sync::Arc;

use crate::{Fingerprint, Statement, SubstraitPlan};

/// SQL, or a plan that somebody else has made. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Sql(Statement),
    Substrait(SubstraitPlan),
}

impl Source {
    /// What is shown of it.
    pub(crate) fn text(&self) -> &Arc<str> {
        match self {
            Self::Sql(statement) => statement.shared_text(),
            Self::Substrait(plan) => plan.text(),
        }
    }

    /// The statement, if it is a short query of literals.
    pub(crate) fn constant(&self) -> Option<&Statement> {
        match self {
            Self::Sql(statement) => statement.is_constant().then_some(statement),
            Self::Substrait(_) => None,
        }
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Sql(statement) => statement.fingerprint(),
            Self::Substrait(plan) => plan.fingerprint(),
        }
    }
}
