//! Protocol messages of CohortQL: generated code only.
//!
//! [`ticket::v1`] is what a server seals into tickets and handles;
//! [`control::v1`] is the service behind the shell's backslash commands;
//! [`session`] holds the messages of Arrow Flight about sessions. The
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

/// Sessions, as Arrow Flight has them.
pub mod session {
    tonic::include_proto!("arrow.flight.protocol");
}
