//! An address that nothing listens on, for as long as a test needs it.

use tokio::net::TcpSocket;

/// A port that is taken and not listened on, so that connections to it are refused and nobody else
/// gets it meanwhile.
pub(crate) struct ClosedPort {
    socket: TcpSocket,
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { socket }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }
}
