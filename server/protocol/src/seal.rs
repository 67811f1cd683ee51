//! Seals what clients are handed and must hand back: nobody else can read, make or change it.
//!
//! Claims are encrypted and authenticated with AES-256-GCM under a key that is drawn when the
//! server starts and lives in memory only, so a restart ends all tickets. The nonce is random;
//! at 2^32 messages under one key a collision is still less likely than one in 2^32.

use bytes::Bytes;
use cohortql_proto::ticket::v1::{Claims, Purpose, Sealed};
use prost::Message;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::ProtocolError;

/// Layout of sealed bytes.
const VERSION: u32 = 1;

/// The server's key.
pub struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seal")
    }
}

impl Seal {
    /// Draws a new key.
    pub fn new() -> Result<Self, ProtocolError> {
        let random = SystemRandom::new();
        let mut key = [0_u8; 32];
        random.fill(&mut key).map_err(no_randomness)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(no_randomness)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            random,
        })
    }

    /// Seals claims.
    pub fn seal(&self, claims: &Claims) -> Result<Bytes, ProtocolError> {
        let mut nonce = [0_u8; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(no_randomness)?;
        let mut ciphertext = claims.encode_to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(claims.purpose()),
                &mut ciphertext,
            )
            .map_err(no_randomness)?;
        let sealed = Sealed {
            version: VERSION,
            nonce: Bytes::copy_from_slice(&nonce),
            ciphertext: ciphertext.into(),
        };
        Ok(sealed.encode_to_vec().into())
    }

    /// Opens what [`Self::seal`] made for the same purpose and principal, while it is valid.
    pub fn open(
        &self,
        bytes: &[u8],
        purpose: Purpose,
        principal: &str,
        now_unix_millis: i64,
    ) -> Result<Claims, ProtocolError> {
        let name = name_of(purpose);
        let refused = || ProtocolError::NotSealed(name);
        let sealed = Sealed::decode(bytes).map_err(|_| refused())?;
        if sealed.version != VERSION {
            return Err(refused());
        }
        let nonce = Nonce::try_assume_unique_for_key(&sealed.nonce).map_err(|_| refused())?;
        let mut ciphertext = sealed.ciphertext.to_vec();
        let claims = self
            .key
            .open_in_place(nonce, associated(purpose), &mut ciphertext)
            .map_err(|_| refused())?;
        let claims = Claims::decode(&*claims).map_err(|_| refused())?;
        if claims.purpose() != purpose {
            return Err(refused());
        }
        if claims.principal != principal {
            return Err(ProtocolError::Foreign(name));
        }
        if claims.expires_unix_millis < now_unix_millis {
            return Err(ProtocolError::Expired(name));
        }
        Ok(claims)
    }
}

/// Bound into the tag, so that a handle never opens as a ticket.
fn associated(purpose: Purpose) -> Aad<[u8; 1]> {
    Aad::from([match purpose {
        Purpose::Unspecified => 0,
        Purpose::Result => 1,
        Purpose::Prepared => 2,
        Purpose::Login => 3,
        Purpose::Cookie => 4,
        Purpose::Poll => 5,
    }])
}

fn name_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Prepared => "prepared statement handle",
        Purpose::Login => "session token",
        Purpose::Cookie => "session's cookie",
        Purpose::Poll => "descriptor to poll with",
        Purpose::Result | Purpose::Unspecified => "ticket",
    }
}

fn no_randomness(_: ring::error::Unspecified) -> ProtocolError {
    ProtocolError::Internal("the system gives no randomness to seal tickets with".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            purpose: Purpose::Result.into(),
            principal: "ada".to_owned(),
            session_id: "s".to_owned(),
            expires_unix_millis: 1_000,
            subject: None,
            traceparent: String::new(),
        }
    }

    #[test]
    fn what_was_sealed_opens() {
        let seal = Seal::new().unwrap();
        let bytes = seal.seal(&claims()).unwrap();
        let opened = seal.open(&bytes, Purpose::Result, "ada", 1_000).unwrap();
        assert_eq!(opened, claims());
    }

    #[test]
    fn every_altered_bit_is_refused() {
        let seal = Seal::new().unwrap();
        let bytes = seal.seal(&claims()).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.to_vec();
            altered[at] ^= 1;
            let error = seal.open(&altered, Purpose::Result, "ada", 0).unwrap_err();
            assert!(matches!(error, ProtocolError::NotSealed("ticket")), "{at}");
        }
    }

    #[test]
    fn another_server_another_user_another_purpose_and_a_later_time_are_refused() {
        let seal = Seal::new().unwrap();
        let bytes = seal.seal(&claims()).unwrap();
        let other = Seal::new().unwrap();
        let refusals = [
            other.open(&bytes, Purpose::Result, "ada", 0),
            seal.open(&bytes, Purpose::Prepared, "ada", 0),
            seal.open(&bytes, Purpose::Result, "bob", 0),
            seal.open(&bytes, Purpose::Result, "ada", 1_001),
        ]
        .map(|refused| refused.unwrap_err().to_string());
        assert_eq!(
            refusals,
            [
                "the ticket was not issued by this server or has been altered; \
                 run the statement again",
                "the prepared statement handle was not issued by this server or has been \
                 altered; run the statement again",
                "the ticket was issued to another user",
                "the ticket has expired; run the statement again",
            ]
        );
    }

    #[test]
    fn equal_claims_look_different() {
        let seal = Seal::new().unwrap();
        assert_ne!(seal.seal(&claims()).unwrap(), seal.seal(&claims()).unwrap());
    }
}
