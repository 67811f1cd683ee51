//! Everybody who may come in, as one reading of the configuration has it.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use cohortql_engine::Principal;
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::SystemRandom;
use subtle::ConstantTimeEq;

use super::jwt::{self, Tokens};
use super::password::PasswordHash;
use super::standing::{Grounds, Standing, grounds, sha256};
use super::verified::{Fingerprint, Verified};
use crate::config::{AccessConfig, TokenConfig, UserConfig};
use crate::error::ServerError;

/// Users, keys, and the passwords that were right of late. Another reading is another directory.
pub(crate) struct Directory {
    users: BTreeMap<String, UserConfig>,
    tokens: Option<Tokens>,
    decoys: Decoys,
    verified: Verified,
}

impl Directory {
    /// Reads the keys that the configuration names.
    pub(crate) fn load(access: &AccessConfig) -> Result<Self, ServerError> {
        Ok(Self {
            users: access.users.clone(),
            tokens: access.jwt.as_ref().map(Tokens::load).transpose()?,
            decoys: Decoys::new(&access.users)?,
            verified: Verified::new()?,
        })
    }

    /// Whether a login is asked for.
    pub(crate) fn is_restricted(&self) -> bool {
        !self.users.is_empty() || self.tokens.is_some()
    }

    /// How many keys there are for JSON web tokens; none where none are taken.
    pub(crate) fn keys(&self) -> Option<usize> {
        self.tokens.as_ref().map(|tokens| tokens.keys().count())
    }

    /// Everybody, on a server without users.
    pub(super) fn anybody(&self) -> Option<Standing> {
        (!self.is_restricted()).then(|| Standing {
            principal: None,
            grounds: grounds("anybody", "", &[], &[]),
            until: None,
        })
    }

    /// Who comes with a token: one of a user's, or a JSON web token.
    pub(super) fn by_token(&self, text: &str, now: SystemTime) -> Result<Standing, ServerError> {
        let hash = sha256(text.as_bytes());
        let mut found = None;
        // All are compared, whichever fits.
        for (name, user) in &self.users {
            for token in &user.tokens {
                if bool::from(token.sha256.ct_eq(&hash)) {
                    found = Some((name, user, token));
                }
            }
        }
        if let Some((name, user, token)) = found {
            if token.expires.is_some_and(|expires| expires <= now) {
                return Err(refused("the token has expired"));
            }
            return Ok(token_standing(name, user, token));
        }
        match &self.tokens {
            Some(tokens) if Tokens::is_shaped_so(text) => {
                let verified = tokens
                    .verify(text)
                    .map_err(|reason| refused(&format!("the token is not believed: {reason}")))?;
                self.by_claims(tokens, verified)
            }
            _ => Err(refused("the token is not known; log in again")),
        }
    }

    /// Who comes with a certificate that has these names.
    pub(super) fn by_certificate(&self, names: &[String]) -> Result<Standing, ServerError> {
        let mut users = self.users.iter().filter(|(_, user)| {
            let name = user.certificate.as_ref();
            name.is_some_and(|name| names.contains(name))
        });
        match (users.next(), users.next()) {
            (Some((name, user)), None) => Ok(certificate_standing(name, user)),
            (None, _) => Err(refused("the client certificate is that of no user")),
            (Some(_), Some(_)) => Err(refused("the client certificate is that of several users")),
        }
    }

    /// The hash that a password of `user` is compared with. Of a user who is not there, or has no
    /// password, it is one that costs as much as another user's.
    pub(super) fn password(&self, user: &str) -> PasswordHash {
        let known = self.users.get(user).and_then(|user| user.password.clone());
        known.unwrap_or_else(|| self.decoys.of(user))
    }

    /// Who comes with the right password for `user`; nobody where there is none to be right.
    pub(super) fn by_password(&self, user: &str) -> Option<Standing> {
        let entry = self.users.get(user)?;
        entry.password.as_ref()?;
        Some(password_standing(user, entry))
    }

    pub(super) fn fingerprint(&self, user: &str, password: &str) -> Fingerprint {
        self.verified.fingerprint(user, password)
    }

    /// Who came with a password that was right of late.
    pub(super) fn verified(&self, fingerprint: Fingerprint) -> Option<Standing> {
        self.verified.find(fingerprint, Instant::now())
    }

    pub(super) fn keep(&self, fingerprint: Fingerprint, standing: Standing) {
        self.verified.keep(fingerprint, standing, Instant::now());
    }

    /// Whether a login of `principal` that rests on `grounds` is still good.
    pub(super) fn holds(&self, principal: Option<&Principal>, wanted: &Grounds) -> bool {
        let Some(principal) = principal else {
            return self
                .anybody()
                .is_some_and(|anybody| anybody.grounds == *wanted);
        };
        let user = self.users.get(&principal.name);
        let own = user
            .into_iter()
            .flat_map(|user| standings(&principal.name, user));
        let of_keys = self.tokens.iter().flat_map(|tokens| {
            tokens
                .keys()
                .map(move |key| claims_grounds(tokens, principal, user, key))
        });
        own.map(|standing| standing.grounds)
            .chain(of_keys)
            .any(|grounds| grounds == *wanted)
    }

    /// Who comes with a JSON web token that says this: with the roles it names, else with those of
    /// the user's entry.
    fn by_claims(&self, tokens: &Tokens, verified: jwt::Verified) -> Result<Standing, ServerError> {
        let user = self.users.get(&verified.user);
        let roles = verified
            .roles
            .or_else(|| user.map(|user| user.roles.clone()));
        let Some(roles) = roles else {
            return Err(refused(
                "the token is not believed: its user is not known here",
            ));
        };
        let principal = Principal {
            name: verified.user,
            roles,
        };
        Ok(Standing {
            grounds: claims_grounds(tokens, &principal, user, &verified.key),
            principal: Some(principal),
            until: Some(verified.until),
        })
    }
}

/// Hashes that stand in for those of users who are not there.
struct Decoys {
    hashes: Vec<PasswordHash>,
    key: Key,
}

impl Decoys {
    fn new(users: &BTreeMap<String, UserConfig>) -> Result<Self, ServerError> {
        let mut hashes: Vec<PasswordHash> = users
            .values()
            .filter_map(|user| user.password.clone())
            .collect();
        if hashes.is_empty() {
            hashes.push(PasswordHash::of_nothing()?);
        }
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).map_err(|_| {
            ServerError::Internal("the system gives no randomness for a key".to_owned())
        })?;
        Ok(Self { hashes, key })
    }

    /// The one for a name: the same each time, so that names cannot be told apart by asking often.
    fn of(&self, name: &str) -> PasswordHash {
        let tag = sign(&self.key, name.as_bytes());
        let number = tag.as_ref().iter().fold(0_usize, |number, byte| {
            number.wrapping_mul(256).wrapping_add(usize::from(*byte))
        });
        self.hashes[number % self.hashes.len()].clone()
    }
}

/// Everything that a login of a user can rest on.
fn standings<'a>(name: &'a str, user: &'a UserConfig) -> impl Iterator<Item = Standing> + 'a {
    let password = user
        .password
        .as_ref()
        .map(|_| password_standing(name, user));
    let certificate = user
        .certificate
        .as_ref()
        .map(|_| certificate_standing(name, user));
    let tokens = user
        .tokens
        .iter()
        .map(|token| token_standing(name, user, token));
    password.into_iter().chain(certificate).chain(tokens)
}

fn standing(kind: &str, name: &str, user: &UserConfig, secret: &[&[u8]]) -> Standing {
    Standing {
        principal: Some(Principal {
            name: name.to_owned(),
            roles: user.roles.clone(),
        }),
        grounds: grounds(kind, name, &user.roles, secret),
        until: None,
    }
}

fn password_standing(name: &str, user: &UserConfig) -> Standing {
    let hash = user.password.as_ref().map_or("", PasswordHash::as_str);
    standing("password", name, user, &[hash.as_bytes()])
}

fn certificate_standing(name: &str, user: &UserConfig) -> Standing {
    let certificate = user.certificate.as_deref().unwrap_or_default();
    standing("certificate", name, user, &[certificate.as_bytes()])
}

fn token_standing(name: &str, user: &UserConfig, token: &TokenConfig) -> Standing {
    let expires = format!("{:?}", token.expires);
    Standing {
        until: token.expires,
        ..standing("token", name, user, &[&token.sha256, expires.as_bytes()])
    }
}

/// What a login by a JSON web token rests on: what it says, the key, what the configuration asked
/// of it, and the user's entry, if there is one.
fn claims_grounds(
    tokens: &Tokens,
    principal: &Principal,
    user: Option<&UserConfig>,
    key: &[u8; 32],
) -> Grounds {
    let config = tokens.config();
    let asked = format!(
        "{:?} {:?} {:?} {:?}",
        config.issuer, config.audience, config.user_claim, config.roles_claim
    );
    let entry = format!("{:?}", user.map(|user| &user.roles));
    let secret: [&[u8]; 3] = [key, asked.as_bytes(), entry.as_bytes()];
    grounds("jwt", &principal.name, &principal.roles, &secret)
}

pub(super) fn refused(message: &str) -> ServerError {
    ServerError::Unauthenticated(message.to_owned())
}

#[cfg(test)]
pub(super) mod tests;
