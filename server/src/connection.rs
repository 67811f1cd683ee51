//! A client's connection, to which sessions belong that no cookie and no token leads to.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

use crate::auth::Peer;
use crate::sessions::Sessions;
use crate::tls::Transport;

/// What all calls over one connection share.
pub(crate) struct Connection {
    number: u64,
    peer: Peer,
    sessions: Arc<Sessions>,
}

impl Connection {
    /// A number that is no other connection's.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Who is at the other end, as far as the network knows.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// All sessions of the server.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.sessions
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.sessions.disconnected(self.number);
    }
}

/// An accepted connection with its state.
pub(crate) struct Accepted {
    stream: Transport,
    connection: Arc<Connection>,
}

impl Accepted {
    /// The `number` is no other connection's.
    pub(crate) fn new(stream: Transport, peer: Peer, number: u64, sessions: Arc<Sessions>) -> Self {
        Self {
            stream,
            connection: Arc::new(Connection {
                number,
                peer,
                sessions,
            }),
        }
    }
}

impl Connected for Accepted {
    type ConnectInfo = Arc<Connection>;

    fn connect_info(&self) -> Self::ConnectInfo {
        Arc::clone(&self.connection)
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
