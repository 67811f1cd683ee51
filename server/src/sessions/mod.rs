//! The sessions that clients have with the server.
//!
//! Which one a call belongs to is said by its cookie ([`cookie`]), else by its token, else by its
//! connection. [`registry`] opens and ends them, [`state`] knows them all and [`ended`] those that
//! were. [`open`] is one of them, [`options`] are what clients can set in it, and [`headers`] what a
//! call can ask for without one.

mod cookie;
mod ended;
mod headers;
mod open;
mod options;
mod registry;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use cookie::{SET_COOKIE, forget, has_cookie};
pub(crate) use headers::Wishes;
pub(crate) use open::OpenSession;
pub(crate) use options::TableTerm;
pub(crate) use registry::{Origin, SessionBounds, Sessions};
