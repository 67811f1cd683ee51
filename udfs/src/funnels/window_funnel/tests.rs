//! Both functions of windows by every route, against one search of each group's rows.

use std::sync::Arc;

use datafusion::arrow::array::builder::{ListBuilder, TimestampMillisecondBuilder};
use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array, TimestampMillisecondArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::funnels::window_funnel_events::WindowFunnelEvents;
use crate::math::events::EventLog;
use crate::math::funnel::{Funnel, Modes};
use crate::testing::{Argument, Case};

const GROUPS: usize = 7;
const STEPS: usize = 3;

/// Random rows, some without a time, conditions that may be NULL, and a filter.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..24 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = random.random_range(0..200);
        let millis: Vec<Option<i64>> = (0..rows)
            .map(|_| {
                random
                    .random_bool(0.9)
                    .then(|| random.random_range(0..40) * 500)
            })
            .collect();
        let conditions: Vec<BooleanArray> = (0..STEPS)
            .map(|_| (0..rows).map(|_| held(random)).collect())
            .collect();
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| held(random)).collect());
        let strict = random.random_bool(0.5);
        let mut log = EventLog::default();
        log.grow(GROUPS);
        for row in 0..rows {
            let is_true =
                |values: &BooleanArray| values.iter().nth(row).flatten().unwrap_or_default();
            let steps = (0..STEPS).filter(|&step| is_true(&conditions[step]));
            let mask: u32 = steps.map(|step| 1 << step).sum();
            if let Some(time) = millis[row]
                && filter.as_ref().is_none_or(is_true)
                && (strict || mask != 0)
            {
                log.append(groups[row], &[mask], &[time]);
            }
        }
        let modes = Modes {
            order: strict,
            once: !strict,
            ..Modes::default()
        };
        let mut funnel = Funnel::new(STEPS, 2_500, modes, true);
        let mut times = ListBuilder::new(TimestampMillisecondBuilder::new());
        let mut depths = Vec::new();
        for events in log.sorted(GROUPS).groups() {
            let chain = funnel.times(events, &[]);
            times.append_value(chain.iter().copied().map(Some));
            depths.push(chain.len() as i32);
        }
        let modes = match strict {
            true => " Strict_Order",
            false => "strict_once, strict_once",
        };
        let arguments = || {
            let mut arguments = vec![
                Argument::Constant(ScalarValue::from(2.5)),
                Argument::Constant(ScalarValue::from(modes)),
                Argument::Column(Arc::new(TimestampMillisecondArray::from(millis.clone()))),
            ];
            let columns = conditions.iter().cloned();
            arguments.extend(columns.map(|values| Argument::Column(Arc::new(values))));
            arguments
        };
        let depths: ArrayRef = Arc::new(Int32Array::from(depths));
        let times: ArrayRef = Arc::new(times.finish());
        let depth = AggregateUDF::from(Aggregate::new(WindowFunnel));
        let events = AggregateUDF::from(Aggregate::new(WindowFunnelEvents));
        for (function, expected) in [(depth, depths), (events, times)] {
            let case = Case {
                function: Arc::new(function),
                arguments: arguments(),
                groups: groups.clone(),
                filter: filter.clone(),
            };
            case.assert_every_route(&expected, seed);
        }
    }
}

fn held(random: &mut StdRng) -> Option<bool> {
    random.random_bool(0.9).then(|| random.random_bool(0.5))
}
