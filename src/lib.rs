//! CohortQL.
