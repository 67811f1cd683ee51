//! Who a client says it is, and whom it believes.

use arrow_flight::HandshakeRequest;
use arrow_flight::flight_service_client::FlightServiceClient;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Request, Status};

use super::ClientError;

const AUTHORIZATION: &str = "authorization";

/// How to connect.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// Who one is; none on servers without users, or where a certificate says it.
    pub login: Option<Login>,
    /// Whom to believe, and with which certificate.
    pub tls: ClientTls,
}

/// Who one is.
#[derive(Clone)]
pub enum Login {
    /// A user with a password.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token, or a JSON web token.
    Token(String),
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { user, .. } => write!(formatter, "Password({user:?})"),
            Self::Token(_) => formatter.write_str("Token"),
        }
    }
}

/// Certificates of an encrypted connection.
#[derive(Clone, Default)]
pub struct ClientTls {
    /// The authorities that are believed, in PEM; those of the system unless given.
    pub authorities: Option<Vec<u8>>,
    /// The client's own certificate and its key, in PEM.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientTls")
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

impl ClientTls {
    /// Whether anything is asked of it.
    pub(super) fn is_set(&self) -> bool {
        self.authorities.is_some() || self.identity.is_some()
    }

    pub(super) fn config(&self) -> ClientTlsConfig {
        let config = ClientTlsConfig::new();
        let config = match &self.authorities {
            Some(pem) => config.ca_certificate(Certificate::from_pem(pem)),
            None => config.with_native_roots(),
        };
        match &self.identity {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }
}

impl Login {
    /// Logs in, and returns what later calls say.
    pub(super) async fn exchange(&self, channel: Channel) -> Result<Bearer, ClientError> {
        let mut request = Request::new(stream::iter([HandshakeRequest::default()]));
        request.metadata_mut().insert(AUTHORIZATION, self.header()?);
        let mut client = FlightServiceClient::new(channel);
        let response = client.handshake(request).await?;
        let header = response.metadata().get(AUTHORIZATION).cloned();
        let mut messages = response.into_inner();
        while messages.message().await?.is_some() {}
        match header {
            Some(mut header) => {
                header.set_sensitive(true);
                Ok(Bearer {
                    header: Some(header),
                })
            }
            None => Err(ClientError::Protocol(
                "the server answered the login without a token".to_owned(),
            )),
        }
    }

    fn header(&self) -> Result<MetadataValue<Ascii>, ClientError> {
        let text = match self {
            Self::Password { user, password } => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Self::Token(token) => format!("Bearer {token}"),
        };
        let mut header = MetadataValue::try_from(text).map_err(|_| ClientError::Address {
            given: "the server".to_owned(),
            reason: "the token holds characters that no token has".to_owned(),
        })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// What calls say about who they come from: the session token of a login, or nothing.
#[derive(Clone, Default)]
pub(super) struct Bearer {
    header: Option<MetadataValue<Ascii>>,
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Bearer")
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.header {
            request.metadata_mut().insert(AUTHORIZATION, header.clone());
        }
        Ok(request)
    }
}
