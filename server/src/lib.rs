//! CohortQL server.
