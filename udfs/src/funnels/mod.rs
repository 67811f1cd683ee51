//! Funnels: how far customers come along a chain of steps.

mod call;
mod funnel_chain;
mod state;
mod window_funnel;
mod window_funnel_events;

pub use call::check_funnel;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Funnels",
        functions: vec![
            Entry::aggregate(window_funnel::WindowFunnel),
            Entry::aggregate(window_funnel_events::WindowFunnelEvents),
            Entry::aggregate(funnel_chain::FunnelChain),
        ],
    }
}
