//! CohortQL proto.
