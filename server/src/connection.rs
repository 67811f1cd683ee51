//! A client's connection, which is also what a session hangs on.
//!
//! gRPC calls carry no session of their own, so the TCP connection stands for it: `SET` lasts for as
//! long as the connection, and goes with it. Clients that share a connection share the session.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use cohortql_engine::{Engine, Session};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::Connected;

/// What all calls over one connection share.
pub(crate) struct Connection {
    engine: Engine,
    session: OnceLock<Session>,
}

impl Connection {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            session: OnceLock::new(),
        }
    }

    /// The engine behind the server.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The connection's session, made at the first call that needs one.
    pub(crate) fn session(&self) -> &Session {
        self.session.get_or_init(|| self.engine.session())
    }
}

/// An accepted TCP connection with its state.
pub(crate) struct Accepted {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl Accepted {
    pub(crate) fn new(stream: TcpStream, engine: Engine) -> Self {
        Self {
            stream,
            connection: Arc::new(Connection::new(engine)),
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
