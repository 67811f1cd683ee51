//! CohortQL udfs.
