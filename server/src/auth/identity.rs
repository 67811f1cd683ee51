//! Who a call comes from.

use cohortql_engine::Principal;
use uuid::Uuid;

use super::standing::Grounds;

/// The name of everybody on a server without users.
pub const ANONYMOUS: &str = "anonymous";

/// Characters of a user's name.
const MOST_CHARACTERS: usize = 128;

/// Bytes of the longest name: what is longer is nobody's.
pub(super) const LONGEST_NAME: usize = MOST_CHARACTERS * char::MAX.len_utf8();

/// Who a call comes from, once that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    principal: Option<Principal>,
    grounds: Grounds,
    session: Option<Uuid>,
}

impl Identity {
    /// Somebody, or anybody on a server without users, and what that rests on; with the login's id
    /// where the call came with a session token.
    pub(super) fn new(
        principal: Option<Principal>,
        grounds: Grounds,
        session: Option<Uuid>,
    ) -> Self {
        Self {
            principal,
            grounds,
            session,
        }
    }

    /// The user with his roles; nobody on a server without users, where everything is allowed.
    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    /// The user's name.
    pub(crate) fn name(&self) -> &str {
        self.principal
            .as_ref()
            .map_or(ANONYMOUS, |principal| &principal.name)
    }

    /// What makes it good.
    pub(crate) fn grounds(&self) -> Grounds {
        self.grounds
    }

    /// The id of the login, which is that of its session; none for calls that bring a password, a
    /// token or a certificate of their own each time.
    pub(crate) fn session(&self) -> Option<Uuid> {
        self.session
    }

    /// What tickets and handles are sealed for: the name, and the roles with which they were asked
    /// for, so that they end with them.
    pub(crate) fn seal(&self) -> String {
        let Some(principal) = &self.principal else {
            return ANONYMOUS.to_owned();
        };
        let mut seal = principal.name.clone();
        for role in &principal.roles {
            // A name holds no control characters.
            seal.push('\0');
            seal.push_str(role);
        }
        seal
    }
}

/// Checks a user's name; the error says what was expected.
pub fn is_user_name(name: &str) -> Result<(), String> {
    let characters = name.chars().count();
    if characters == 0 || characters > MOST_CHARACTERS {
        return Err(format!(
            "expected a user name of 1 to {MOST_CHARACTERS} characters, got {characters}"
        ));
    }
    if name.contains(':') || name.chars().any(char::is_control) || name.trim() != name {
        return Err(format!(
            "expected a user name without colons, control characters and blanks around it, got {name:?}"
        ));
    }
    if name == ANONYMOUS {
        return Err(format!(
            "expected another name, got {name:?}, which is everybody on a server without users"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for name in ["ada", "ada@example.com", "Žofie Nováková", "svc/etl"] {
            assert_eq!(is_user_name(name), Ok(()));
        }
        for name in [
            "",
            "a:b",
            " ada",
            "ada\n",
            "a\0b",
            "anonymous",
            &"x".repeat(129),
        ] {
            assert!(is_user_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn tickets_end_with_the_roles() {
        let identity = |roles: &[&str]| {
            let principal = Principal {
                name: "ada".to_owned(),
                roles: roles.iter().map(ToString::to_string).collect(),
            };
            Identity::new(Some(principal), [0; 32], None)
        };
        assert_ne!(identity(&["a", "b"]).seal(), identity(&["a"]).seal());
        assert_ne!(identity(&["ab"]).seal(), identity(&["a", "b"]).seal());
        assert_eq!(identity(&["a"]).seal(), identity(&["a"]).seal());
        assert_eq!(Identity::new(None, [0; 32], None).seal(), ANONYMOUS);
    }
}
