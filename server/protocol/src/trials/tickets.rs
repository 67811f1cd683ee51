//! Sealed bytes: what was sealed opens, and nothing else does.

use bytes::Bytes;
use cohortql_proto::ticket::v1::claims::Subject;
use cohortql_proto::ticket::v1::{Claims, Done, Purpose, StatementRef};
use cohortql_protocol::Seal;
use prost::Message;

use super::input::Input;

/// Seals made-up claims, alters the bytes, and opens both; opens the bytes as they are.
pub fn tickets(data: &[u8]) {
    let Ok(seal) = Seal::new() else {
        return;
    };
    let foreign = seal.open(data, Purpose::Result, "", i64::MIN);
    assert!(foreign.is_err(), "nobody sealed this");
    if let Ok(claims) = Claims::decode(data) {
        opens(&seal, &claims);
    }
    let mut input = Input::new(data);
    let claims = claims(&mut input);
    let sealed = opens(&seal, &claims);
    let altered = altered(&mut input, &sealed);
    if let Ok(opened) = seal.open(&altered, claims.purpose(), &claims.principal, i64::MIN) {
        // Protobuf has more than one way to write the same; what was sealed is still the same.
        assert_eq!(opened, claims, "altered bytes gave other claims");
    }
}

/// The claims open for whom and what they were sealed, and for nobody and nothing else.
fn opens(seal: &Seal, claims: &Claims) -> Bytes {
    let (purpose, principal) = (claims.purpose(), claims.principal.as_str());
    let expires = claims.expires_unix_millis;
    let sealed = seal.seal(claims);
    assert!(sealed.is_ok(), "claims must seal");
    let sealed = sealed.unwrap_or_default();
    let opened = seal.open(&sealed, purpose, principal, expires);
    assert_eq!(opened.ok().as_ref(), Some(claims), "what was sealed opens");
    let other = match purpose {
        Purpose::Result => Purpose::Prepared,
        _ => Purpose::Result,
    };
    assert!(seal.open(&sealed, other, principal, expires).is_err());
    let nobody = format!("{principal}?");
    assert!(seal.open(&sealed, purpose, &nobody, expires).is_err());
    if let Some(later) = expires.checked_add(1) {
        assert!(seal.open(&sealed, purpose, principal, later).is_err());
    }
    sealed
}

fn claims(input: &mut Input<'_>) -> Claims {
    let purpose = input.one(&[Purpose::Result, Purpose::Prepared, Purpose::Unspecified]);
    let subject = match input.below(4) {
        0 => None,
        1 => Some(Subject::Done(Done {})),
        2 => Some(Subject::MetadataCommand(input.text().into())),
        _ => Some(Subject::Statement(StatementRef {
            id: input.bytes(16).into(),
            digest: input.text().into(),
        })),
    };
    Claims {
        purpose: purpose.into(),
        principal: input.text(),
        session_id: input.text(),
        expires_unix_millis: input.number(),
        subject,
        traceparent: input.text(),
    }
}

/// Bits turned, bytes cut off, put in or put after.
fn altered(input: &mut Input<'_>, sealed: &[u8]) -> Vec<u8> {
    let mut altered = sealed.to_vec();
    for _ in 0..input.below(4) {
        let at = input.below(altered.len() + 1);
        match input.below(3) {
            0 => altered.truncate(at),
            1 => {
                let put = input.text();
                altered.splice(at..at, put.into_bytes());
            }
            _ => {
                if let Some(byte) = altered.get_mut(at) {
                    *byte ^= input.byte();
                }
            }
        }
    }
    altered
}
