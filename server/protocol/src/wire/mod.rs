//! What goes over the wire: one schema for a result, batches recast to it, messages that fit.
//!
//! Clients compare the schema they were promised with the one that arrives, to the bit, and many
//! of them know only Arrow's plain types. So the schema is computed once, from the logical plan,
//! by [`wire_schema`], in the [`Types`] that the client wants; it is advertised everywhere, and
//! [`recast`] gives every batch exactly that schema, whatever the optimiser made of it. [`encode`]
//! then cuts batches into messages that every gRPC client accepts.

mod cast;
mod compact;
mod encode;
mod fit;
mod flat;
mod json;
mod portions;
mod profile;
mod recast;
mod simple;
mod types;
mod unions;

pub use encode::{Messages, encode};
pub(crate) use flat::Room;
pub(crate) use portions::Portions;
pub use profile::Types;
pub(crate) use recast::plain;
pub use recast::recast;
pub use types::wire_schema;
