//! Protocol messages of CohortQL: generated code only.
//!
//! [`ticket::v1`] is what a server seals into tickets and handles;
//! [`control::v1`] is the service behind the shell's backslash commands. The
//! `.proto` files under `proto/` are the source, and carry the documentation.

/// Tickets and handles.
pub mod ticket {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("cohortql.ticket.v1");
    }
}

/// The control service.
pub mod control {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("cohortql.control.v1");
    }
}
