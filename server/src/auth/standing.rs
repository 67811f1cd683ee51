//! What makes a login good, so that it ends when that changes.

use std::time::SystemTime;

use cohortql_engine::Principal;
use ring::digest::{Context, SHA256};

/// SHA-256 of all that makes a login good.
pub(crate) type Grounds = [u8; 32];

/// Somebody whose credentials were found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Who it is; nobody on a server without users.
    pub(super) principal: Option<Principal>,
    /// What it rests on.
    pub(super) grounds: Grounds,
    /// Until when the credentials are good, if they say.
    pub(super) until: Option<SystemTime>,
}

/// The digest of what a login rests on: which kind, whose, with which roles, by which secret.
pub(super) fn grounds(kind: &str, user: &str, roles: &[String], secret: &[&[u8]]) -> Grounds {
    let mut context = Context::new(&SHA256);
    let mut add = |part: &[u8]| {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    };
    add(kind.as_bytes());
    add(user.as_bytes());
    add(&(roles.len() as u64).to_be_bytes());
    for role in roles {
        add(role.as_bytes());
    }
    for part in secret {
        add(part);
    }
    finished(context)
}

/// SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    finished(context)
}

fn finished(context: Context) -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    for (byte, computed) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *byte = *computed;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_none_runs_into_the_next() {
        let roles =
            |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        let all = [
            grounds("password", "ada", &roles(&["a"]), &[b"x"]),
            grounds("token", "ada", &roles(&["a"]), &[b"x"]),
            grounds("password", "bob", &roles(&["a"]), &[b"x"]),
            grounds("password", "ada", &roles(&["b"]), &[b"x"]),
            grounds("password", "ada", &roles(&["a"]), &[b"y"]),
            grounds("password", "ada", &roles(&["a"]), &[b"x", b""]),
            grounds("password", "ada", &roles(&["a", "x"]), &[]),
            grounds("password", "adaa", &roles(&[]), &[b"x"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(all.iter().filter(|other| *other == one).count(), 1, "{at}");
        }
    }
}
