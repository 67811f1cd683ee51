//! Connections as they come, after their handshakes.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::{TlsAcceptor, rustls};

use super::{Encryption, Transport, names};
use crate::auth::{Origin, Peer, Turns};
use crate::connection::Accepted;
use crate::sessions::Sessions;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Handshakes at once: all, and those of one place.
const HANDSHAKES: usize = 1_024;
const HANDSHAKES_OF_ORIGIN: usize = 256;

/// Connections that wait to be served; they are served at once.
const WAITING: usize = 64;

/// The pause after the system had no means for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections of a listener, encrypted as `encryption` says when they come.
pub(crate) fn incoming(
    listener: TcpListener,
    sessions: Arc<Sessions>,
    encryption: Arc<Encryption>,
) -> Incoming {
    let (sender, receiver) = mpsc::channel(WAITING);
    let task = tokio::spawn(accept(listener, sessions, encryption, sender));
    Incoming { receiver, task }
}

/// Accepted connections. Dropping it closes the listener.
pub(crate) struct Incoming {
    receiver: mpsc::Receiver<Accepted>,
    task: JoinHandle<()>,
}

impl Stream for Incoming {
    type Item = io::Result<Accepted>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = self.receiver.poll_recv(context);
        accepted.map(|accepted| accepted.map(Ok))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    sessions: Arc<Sessions>,
    encryption: Arc<Encryption>,
    sender: mpsc::Sender<Accepted>,
) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
    let places = Turns::new(HANDSHAKES_OF_ORIGIN);
    // Those that are under way end with the listener.
    let mut tasks = JoinSet::new();
    let mut number = 0;
    loop {
        while tasks.try_join_next().is_some() {}
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::warn!(error = %error, "no connection can be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        number += 1;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection keeps its delay");
        }
        let Some(config) = encryption.current() else {
            let peer = Peer {
                address: address.ip(),
                certificate: None,
            };
            let stream = Transport::Plain(stream);
            let accepted = Accepted::new(stream, peer, number, Arc::clone(&sessions));
            if sender.send(accepted).await.is_err() {
                return;
            }
            continue;
        };
        let Some(place) = places.place(&Origin::of(address.ip())) else {
            tracing::warn!(address = %address.ip(), "too many handshakes from one address");
            continue;
        };
        let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await else {
            return;
        };
        let (sessions, sender) = (Arc::clone(&sessions), sender.clone());
        tasks.spawn(async move {
            let encrypted = shake_hands(stream, address, config).await;
            drop((place, permit));
            if let Some((stream, peer)) = encrypted {
                let accepted = Accepted::new(stream, peer, number, sessions);
                // Nobody takes it when the server is closing.
                let _closing = sender.send(accepted).await;
            }
        });
    }
}

async fn shake_hands(
    stream: TcpStream,
    address: SocketAddr,
    config: Arc<rustls::ServerConfig>,
) -> Option<(Transport, Peer)> {
    let handshake = TlsAcceptor::from(config).accept(stream);
    let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(address = %address.ip(), error = %error, "a TLS handshake has failed");
            return None;
        }
        Err(_) => {
            tracing::info!(address = %address.ip(), "a TLS handshake took too long");
            return None;
        }
    };
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    let peer = Peer {
        address: address.ip(),
        certificate: certificate.map(|certificate| names(certificate).into()),
    };
    Some((Transport::Encrypted(Box::new(stream)), peer))
}

/// Whether an error is that of the connection, and the next one may do better.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}
