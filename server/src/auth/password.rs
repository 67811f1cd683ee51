//! Passwords: argon2id hashes, made and compared.

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::ServerError;

/// Bounds of what one comparison may cost, so that a hash from elsewhere cannot stop the server.
const MOST_MEMORY_KIB: u32 = 1 << 20;
const MOST_ITERATIONS: u32 = 64;
const MOST_LANES: u32 = 64;

/// Bytes of a hash and of its salt; less can be guessed.
const LEAST_HASH_BYTES: usize = 16;
const LEAST_SALT_BYTES: usize = 8;

/// Characters of a new password.
const LEAST_CHARACTERS: usize = 8;

/// What a password must hash to.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    hash: phc::PasswordHash,
    text: String,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. The error says what was expected, and does not
    /// repeat the text, which may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = |what: &str| {
            format!(
                "expected an argon2id hash as `cohortql user hash` makes it ($argon2id$v=19$…), \
                 got {what}"
            )
        };
        let hash = phc::PasswordHash::new(text).map_err(|_| expected("something else"))?;
        if hash.algorithm != Algorithm::Argon2id.ident() {
            return Err(expected("a hash of another kind"));
        }
        if hash.version != Some(Version::V0x13.into()) {
            return Err(expected("another version"));
        }
        let params = Params::try_from(&hash).map_err(|_| expected("parameters it cannot have"))?;
        if params.m_cost() > MOST_MEMORY_KIB
            || params.t_cost() > MOST_ITERATIONS
            || params.p_cost() > MOST_LANES
        {
            return Err(format!(
                "expected at most m={MOST_MEMORY_KIB}, t={MOST_ITERATIONS}, p={MOST_LANES}, got \
                 m={}, t={}, p={}",
                params.m_cost(),
                params.t_cost(),
                params.p_cost()
            ));
        }
        let salt_bytes = hash.salt.as_ref().map_or(0, |salt| salt.len());
        let hash_bytes = hash.hash.as_ref().map_or(0, Output::len);
        if salt_bytes < LEAST_SALT_BYTES || hash_bytes < LEAST_HASH_BYTES {
            return Err(expected("one without a salt, or too short"));
        }
        Ok(Self {
            hash,
            text: text.to_owned(),
        })
    }

    /// A hash of no password, which costs what those of new passwords do.
    pub(super) fn of_nothing() -> Result<Self, ServerError> {
        let unusable = |_| ServerError::Internal("a hash of nothing cannot be made".to_owned());
        let mut bytes = [0_u8; 48];
        SystemRandom::new().fill(&mut bytes).map_err(|_| {
            ServerError::Internal("the system gives no randomness for salts".to_owned())
        })?;
        let (salt, hash) = bytes.split_at(16);
        let params = ParamsString::try_from(&Params::DEFAULT)
            .map_err(|_| ServerError::Internal("argon2 refuses its own parameters".to_owned()))?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params,
            salt: Some(Salt::new(salt).map_err(unusable)?),
            hash: Some(Output::new(hash).map_err(unusable)?),
        };
        let text = hash.to_string();
        Ok(Self { hash, text })
    }

    /// Whether `password` is the one. Takes as long as the hash says: milliseconds to seconds.
    pub(super) fn verify(&self, password: &str) -> bool {
        Argon2::default()
            .verify_password(password.as_bytes(), &self.hash)
            .is_ok()
    }

    /// The hash as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The hash of a new password.
pub fn hash_password(password: &str) -> Result<PasswordHash, ServerError> {
    let characters = password.chars().count();
    if characters < LEAST_CHARACTERS {
        return Err(ServerError::Invalid(format!(
            "expected a password of at least {LEAST_CHARACTERS} characters, got {characters}"
        )));
    }
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| {
            ServerError::Internal(format!("the password cannot be hashed: {error}"))
        })?;
    let text = hash.to_string();
    Ok(PasswordHash { hash, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of `password` from the test vectors of argon2's reference implementation.
    const HASH: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
                        $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    #[test]
    fn a_hash_knows_its_password() {
        let hash = hash_password("correct horse").unwrap();
        let hash = PasswordHash::parse(hash.as_str()).unwrap();
        assert!(hash.verify("correct horse"));
        assert!(!hash.verify("correct horses"));
        assert!(!hash.verify(""));
        let other = hash_password("correct horse").unwrap();
        assert_ne!(other.as_str(), hash.as_str(), "salts differ");
    }

    #[test]
    fn hashes_made_elsewhere_are_read() {
        let hash = PasswordHash::parse(HASH).unwrap();
        assert!(hash.verify("password"));
        assert!(!hash.verify("passwords"));
    }

    #[test]
    fn nothing_matches_the_hash_of_nothing() {
        let hash = PasswordHash::of_nothing().unwrap();
        assert!(!hash.verify(""));
        assert_eq!(PasswordHash::parse(hash.as_str()).unwrap(), hash);
    }

    #[test]
    fn what_is_no_hash_is_refused_and_not_repeated() {
        let short = HASH.rsplit_once('$').unwrap().0;
        for text in [
            "hunter2",
            "",
            "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
            &HASH.replace("argon2id", "argon2i"),
            &HASH.replace("v=19", "v=16"),
            short,
        ] {
            let error = PasswordHash::parse(text).unwrap_err();
            assert!(error.starts_with("expected an argon2id hash"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = PasswordHash::parse(&HASH.replace("m=65536", "m=4194304")).unwrap_err();
        assert!(error.contains("got m=4194304"), "{error}");
    }

    #[test]
    fn short_passwords_are_refused() {
        let error = hash_password("1234567").unwrap_err().to_string();
        assert_eq!(error, "expected a password of at least 8 characters, got 7");
    }
}
