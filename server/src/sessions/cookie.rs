//! The cookie that names a session, for clients that keep cookies.
//!
//! Flight's clients send back what `set-cookie` gave them, C++ in quotes. What the cookie holds is
//! sealed: it names a session to the server, and nothing to anybody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tonic::metadata::MetadataMap;

/// The name that Flight's own servers use, and its specification proposes.
const NAME: &str = "arrow_flight_session_id";

/// The header in which a server hands out cookies.
pub(crate) const SET_COOKIE: &str = "set-cookie";

/// The sealed bytes in a request's cookie: none without one of the name, nothing where it holds
/// no such bytes.
pub(super) fn read(metadata: &MetadataMap) -> Option<Vec<u8>> {
    let cookies = metadata.get_all("cookie").iter();
    let texts = cookies.filter_map(|value| value.to_str().ok());
    let value = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case(NAME))
        .map(|(_, value)| value.trim().trim_matches('"'))?;
    Some(URL_SAFE_NO_PAD.decode(value).unwrap_or_default())
}

/// Whether a request names a session by its cookie.
pub(crate) fn has_cookie(metadata: &MetadataMap) -> bool {
    read(metadata).is_some()
}

/// What hands the sealed bytes to a client.
pub(super) fn write(sealed: &[u8]) -> String {
    format!("{NAME}={}", URL_SAFE_NO_PAD.encode(sealed))
}

/// What makes a client forget its cookie.
pub(crate) fn forget() -> String {
    format!("{NAME}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(header: &str) -> Option<Vec<u8>> {
        let mut metadata = MetadataMap::new();
        metadata.insert("cookie", header.parse().unwrap());
        read(&metadata)
    }

    #[test]
    fn a_cookie_comes_back_as_clients_write_it() {
        let cookie = write(b"sealed");
        assert_eq!(from(&cookie).unwrap(), b"sealed");
        let value = cookie.split_once('=').unwrap().1;
        let quoted = format!("other=1; Arrow_Flight_Session_Id=\"{value}\"");
        assert_eq!(from(&quoted).unwrap(), b"sealed");
    }

    #[test]
    fn what_is_no_cookie_of_ours() {
        assert_eq!(from("other=1"), None);
        assert_eq!(from("nothing"), None);
        assert_eq!(from("arrow_flight_session_id=%%%").unwrap(), b"");
    }
}
