//! Encryption: the server's certificate, its clients', and the connections that are accepted.
//!
//! Handshakes run beside the accepting of connections, so many at once and so long each. Renewed
//! files are taken for the connections that come after; those there are go on.

mod certificates;
mod incoming;
mod transport;

use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::rustls;

pub(crate) use certificates::{load, names, validity};
pub(crate) use incoming::incoming;
pub(crate) use transport::Transport;

/// What connections are encrypted with, which can be replaced; nothing for plain ones.
#[derive(Debug, Default)]
pub(crate) struct Encryption {
    current: RwLock<Option<Arc<rustls::ServerConfig>>>,
}

impl Encryption {
    pub(crate) fn new(config: Option<Arc<rustls::ServerConfig>>) -> Self {
        Self {
            current: RwLock::new(config),
        }
    }

    /// What the next connection is encrypted with.
    fn current(&self) -> Option<Arc<rustls::ServerConfig>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Takes other certificates from now on.
    pub(crate) fn replace(&self, config: Arc<rustls::ServerConfig>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(config);
    }
}
