//! The numeric code of the functions, over plain slices: it knows no Arrow.

pub(crate) mod active;
pub(crate) mod bgnbd;
pub(crate) mod bgnbd_future;
pub(crate) mod calendar;
pub(crate) mod chain;
pub(crate) mod cooccurrence;
pub(crate) mod distinct;
pub(crate) mod earliest;
pub(crate) mod events;
pub(crate) mod exact_sum;
pub(crate) mod gamma_gamma;
pub(crate) mod local_time;
pub(crate) mod log_gamma;
pub(crate) mod newton;
pub(crate) mod pairs;
pub(crate) mod pattern;
pub(crate) mod periods;
pub(crate) mod purchase_days;
pub(crate) mod rfm_maps;
pub(crate) mod sequence;
pub(crate) mod sessions;
pub(crate) mod smallest;
pub(crate) mod tally;
pub(crate) mod tiles;
pub(crate) mod zone;
