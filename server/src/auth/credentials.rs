//! What a call says to show who it comes from.

use arrow_flight::BasicAuth;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;
use tonic::metadata::MetadataMap;

use super::identity::LONGEST_NAME;
use crate::error::ServerError;

/// Clients differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The header of everybody, and the one in which older Flight clients repeat what the handshake
/// gave them.
const AUTHORIZATION: &str = "authorization";
const OLD_TOKEN: &str = "auth-token-bin";

/// Bytes of a password or token that anybody has: what is longer is, like a longer name, not kept,
/// compared or written to a log.
const LONGEST_SECRET: usize = 16 << 10;

/// A way of showing who one is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// A user and a password, or a token in its place.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token.
    Bearer(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { user, .. } => write!(formatter, "Password({user:?})"),
            Self::Bearer(_) => formatter.write_str("Bearer"),
        }
    }
}

impl Credentials {
    /// What the headers say; nothing when they do not try.
    pub(crate) fn of_headers(metadata: &MetadataMap) -> Result<Option<Self>, ServerError> {
        let mut values = metadata.get_all(AUTHORIZATION).iter();
        let (value, another) = (values.next(), values.next());
        if another.is_some() {
            return Err(malformed("one authorization header, got several"));
        }
        if let Some(value) = value {
            let text = value.to_str().map_err(|_| malformed("plain text"))?;
            return Self::of_header(text).map(Some);
        }
        let Some(token) = metadata.get_bin(OLD_TOKEN) else {
            return Ok(None);
        };
        let bytes = token.to_bytes().map_err(|_| malformed("a token"))?;
        let token = String::from_utf8(bytes.to_vec()).map_err(|_| malformed("a token"))?;
        Self::bearer(&token).map(Some)
    }

    /// What the payload of a handshake says, as Flight clients without headers send it.
    pub(crate) fn of_payload(payload: &[u8]) -> Result<Self, ServerError> {
        let expected = "Flight's BasicAuth in the handshake's payload";
        let basic = BasicAuth::decode(payload).map_err(|_| malformed(expected))?;
        if basic.username.is_empty() {
            return Err(malformed(expected));
        }
        Self::password(&basic.username, &basic.password)
    }

    fn password(user: &str, password: &str) -> Result<Self, ServerError> {
        if user.len() > LONGEST_NAME || password.len() > LONGEST_SECRET {
            return Err(malformed("a shorter name and password"));
        }
        Ok(Self::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }

    fn bearer(token: &str) -> Result<Self, ServerError> {
        match token.len() <= LONGEST_SECRET {
            true => Ok(Self::Bearer(token.to_owned())),
            false => Err(malformed("a shorter token")),
        }
    }

    fn of_header(text: &str) -> Result<Self, ServerError> {
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
            return Self::bearer(rest);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(malformed("Basic or Bearer"));
        }
        let decoded = BASE64.decode(rest).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':'))
        else {
            return Err(malformed("USER:PASSWORD in base64 after Basic"));
        };
        Self::password(user, password)
    }
}

fn malformed(expected: &str) -> ServerError {
    ServerError::Unauthenticated(format!(
        "the login cannot be read: expected {expected} in the authorization header"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Credentials>, ServerError> {
        let mut metadata = MetadataMap::new();
        metadata.insert(AUTHORIZATION, text.parse().unwrap());
        Credentials::of_headers(&metadata)
    }

    fn password(user: &str, password: &str) -> Credentials {
        Credentials::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    #[test]
    fn what_is_too_long_for_anybody_is_not_kept() {
        let basic = |username: usize, password: usize| {
            let basic = BasicAuth {
                username: "a".repeat(username),
                password: "b".repeat(password),
            };
            Credentials::of_payload(&basic.encode_to_vec())
        };
        assert!(basic(LONGEST_NAME, LONGEST_SECRET).is_ok());
        for (user, password) in [(LONGEST_NAME + 1, 1), (1, LONGEST_SECRET + 1)] {
            let error = basic(user, password).unwrap_err().to_string();
            assert!(error.contains("shorter") && error.len() < 200, "{error}");
        }
        let token = format!("Bearer {}", "t".repeat(LONGEST_SECRET + 1));
        let mut metadata = MetadataMap::new();
        metadata.insert(AUTHORIZATION, token.parse().unwrap());
        assert!(Credentials::of_headers(&metadata).is_err());
    }

    #[test]
    fn basic_and_bearer_are_read() {
        // echo -n 'ada:a:b' | base64
        for text in [
            "Basic YWRhOmE6Yg==",
            "basic YWRhOmE6Yg",
            "BASIC  YWRhOmE6Yg==",
        ] {
            assert_eq!(read(text).unwrap(), Some(password("ada", "a:b")), "{text}");
        }
        // echo -n 'žofie:heslo' | base64
        let read_back = read("Basic xb5vZmllOmhlc2xv").unwrap();
        assert_eq!(read_back, Some(password("žofie", "heslo")));
        let bearer = Some(Credentials::Bearer("abc.def".to_owned()));
        assert_eq!(read("Bearer abc.def").unwrap(), bearer);
        assert_eq!(read("bearer abc.def").unwrap(), bearer);
        assert_eq!(Credentials::of_headers(&MetadataMap::new()).unwrap(), None);
    }

    #[test]
    fn what_older_clients_send_is_read() {
        let basic = BasicAuth {
            username: "ada".to_owned(),
            password: "secret".to_owned(),
        };
        let read = Credentials::of_payload(&basic.encode_to_vec()).unwrap();
        assert_eq!(read, password("ada", "secret"));
        let mut metadata = MetadataMap::new();
        metadata.insert_bin(
            OLD_TOKEN,
            tonic::metadata::MetadataValue::from_bytes(b"abc"),
        );
        let read = Credentials::of_headers(&metadata).unwrap();
        assert_eq!(read, Some(Credentials::Bearer("abc".to_owned())));
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_it() {
        for text in [
            "Basic",
            "Basic !!!!",
            "Basic YWRh",
            "Basic /////w==",
            "Bearer",
            "Bearer ",
            "Digest hunter2",
            "hunter2",
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.code(), tonic::Code::Unauthenticated, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        let mut metadata = MetadataMap::new();
        metadata.append(AUTHORIZATION, "Basic YWRhOmE6Yg==".parse().unwrap());
        metadata.append(AUTHORIZATION, "Bearer abc".parse().unwrap());
        assert!(Credentials::of_headers(&metadata).is_err());
        assert!(Credentials::of_payload(b"nonsense").is_err());
        assert!(Credentials::of_payload(b"").is_err());
    }

    #[test]
    fn secrets_do_not_show() {
        let shown = format!(
            "{:?}",
            [
                password("ada", "hunter2"),
                Credentials::Bearer("hunter2".to_owned())
            ]
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
