//! Cohorts and retention: functions of when a customer first came, and came back.

mod active_periods;
mod churn_status;
mod cohort;
mod cohort_month;
mod first_period;
mod nth_time;
mod period_diff;
mod retention;
#[cfg(test)]
mod samples;
mod survival;
mod units;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Cohorts and retention",
        functions: vec![
            Entry::aggregate(cohort_month::CohortMonth),
            Entry::aggregate(cohort::Cohort),
            Entry::aggregate(active_periods::ActivePeriods),
            Entry::per_row(period_diff::PeriodDiff),
            Entry::aggregate(retention::Retention),
            Entry::aggregate(nth_time::NthTime),
            Entry::per_row(churn_status::ChurnStatus),
            Entry::aggregate(survival::Survival),
        ],
    }
}
