//! CohortQL engine.
