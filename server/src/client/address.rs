//! Where a server is, from what a user types after `--connect`.

use super::ClientError;

/// The port of a server that was not told another.
const DEFAULT_PORT: u16 = 50051;

/// Host and port, and whether what is sent there is encrypted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) authority: String,
    pub(super) is_encrypted: bool,
}

/// The address in `grpc://host:port` or `grpc+tls://host:port`.
pub(super) fn address(uri: &str) -> Result<Address, ClientError> {
    let wrong = |reason: &str| ClientError::Address {
        given: uri.to_owned(),
        reason: reason.to_owned(),
    };
    let (rest, is_encrypted) = match uri.split_once("://") {
        Some(("grpc" | "grpc+tcp" | "http", rest)) => (rest, false),
        Some(("grpc+tls" | "https", rest)) => (rest, true),
        Some(_) => return Err(wrong("expected grpc://host:port or grpc+tls://host:port")),
        None => (uri, false),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#', '@']) {
        return Err(wrong("expected nothing but a host and a port"));
    }
    let (host, port) = split(authority);
    if host.is_empty() {
        return Err(wrong("the host is missing"));
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => port
            .parse()
            .map_err(|_| wrong("the port must be a number up to 65535"))?,
    };
    Ok(Address {
        authority: format!("{host}:{port}"),
        is_encrypted,
    })
}

/// Host and port; the colons of an IPv6 address in brackets separate nothing.
fn split(authority: &str) -> (&str, Option<&str>) {
    match authority.rfind(']') {
        Some(end) => {
            let (host, rest) = authority.split_at(end + 1);
            (host, rest.strip_prefix(':'))
        }
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_ports_and_brackets() {
        for (uri, authority, is_encrypted) in [
            ("grpc://127.0.0.1:6000", "127.0.0.1:6000", false),
            ("grpc+tcp://db.example:6000/", "db.example:6000", false),
            ("http://localhost", "localhost:50051", false),
            ("localhost:6000", "localhost:6000", false),
            ("grpc://[::1]:6000", "[::1]:6000", false),
            ("[::1]", "[::1]:50051", false),
            ("grpc+tls://db.example", "db.example:50051", true),
            ("https://db.example:443", "db.example:443", true),
        ] {
            let expected = Address {
                authority: authority.to_owned(),
                is_encrypted,
            };
            assert_eq!(address(uri).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for (uri, reason) in [
            (
                "ftp://host",
                "cannot connect to \"ftp://host\": expected grpc://host:port or grpc+tls://host:port",
            ),
            (
                "grpc://",
                "cannot connect to \"grpc://\": the host is missing",
            ),
            (
                "grpc://host:port",
                "cannot connect to \"grpc://host:port\": the port must be a number up to 65535",
            ),
            (
                "grpc://ada:secret@host",
                "cannot connect to \"grpc://ada:secret@host\": expected nothing but a host and a port",
            ),
        ] {
            assert_eq!(address(uri).unwrap_err().to_string(), reason);
        }
    }
}
