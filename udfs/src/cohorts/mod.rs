//! Cohorts and retention: functions of when a customer first came, and came back.

mod active_periods;
mod cohort_month;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Cohorts and retention",
        functions: vec![
            Entry::aggregate(cohort_month::CohortMonth),
            Entry::aggregate(active_periods::ActivePeriods),
        ],
    }
}
