//! A client's connection, to which sessions belong that no cookie and no token leads to.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::Connected;

use crate::sessions::Sessions;

/// What all calls over one connection share.
pub(crate) struct Connection {
    number: u64,
    client: Option<SocketAddr>,
    sessions: Arc<Sessions>,
}

impl Connection {
    /// The `number` is no other connection's.
    pub(crate) fn new(number: u64, client: Option<SocketAddr>, sessions: Arc<Sessions>) -> Self {
        Self {
            number,
            client,
            sessions,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The client's address.
    pub(crate) fn client(&self) -> Option<SocketAddr> {
        self.client
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

/// An accepted TCP connection with its state.
pub(crate) struct Accepted {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl Accepted {
    /// The `number` is no other connection's.
    pub(crate) fn new(stream: TcpStream, number: u64, sessions: Arc<Sessions>) -> Self {
        let client = stream.peer_addr().ok();
        Self {
            stream,
            connection: Arc::new(Connection::new(number, client, sessions)),
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
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
