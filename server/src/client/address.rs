//! Where a server is, from what a user types after `--connect`.

use super::ClientError;

/// The port of a server that was not told another.
const DEFAULT_PORT: u16 = 50051;

/// `host:port` of an address such as `grpc://host:port`.
pub(super) fn authority(uri: &str) -> Result<String, ClientError> {
    let wrong = |reason: &str| ClientError::Address {
        given: uri.to_owned(),
        reason: reason.to_owned(),
    };
    let rest = match uri.split_once("://") {
        Some(("grpc" | "grpc+tcp" | "http", rest)) => rest,
        Some(("grpc+tls" | "https", _)) => {
            return Err(wrong("this client does not encrypt; use grpc://host:port"));
        }
        Some(_) => return Err(wrong("expected grpc://host:port")),
        None => uri,
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
    Ok(format!("{host}:{port}"))
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
        for (uri, expected) in [
            ("grpc://127.0.0.1:6000", "127.0.0.1:6000"),
            ("grpc+tcp://db.example:6000/", "db.example:6000"),
            ("http://localhost", "localhost:50051"),
            ("localhost:6000", "localhost:6000"),
            ("grpc://[::1]:6000", "[::1]:6000"),
            ("[::1]", "[::1]:50051"),
        ] {
            assert_eq!(authority(uri).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for (uri, reason) in [
            (
                "ftp://host",
                "cannot connect to \"ftp://host\": expected grpc://host:port",
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
                "grpc+tls://host",
                "cannot connect to \"grpc+tls://host\": this client does not encrypt; \
                 use grpc://host:port",
            ),
        ] {
            assert_eq!(authority(uri).unwrap_err().to_string(), reason);
        }
    }
}
