//! New passwords and tokens.

use std::fmt::Write;
use std::io::{BufRead, IsTerminal, stdin};

use rand::TryRngCore;
use rand::rngs::OsRng;

use crate::cli::error::CliError;

/// What tokens begin with, so that people and scanners know them when they see one.
const PREFIX: &str = "cql_";

/// Asks twice at a terminal, or takes a line of standard input.
pub(super) fn new_password(prompt: &str) -> Result<String, CliError> {
    if !stdin().is_terminal() {
        let mut line = String::new();
        stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password(prompt)?;
    if rpassword::prompt_password("Once more: ")? != password {
        return Err(CliError::Usage(
            "the two passwords differ; nothing was changed".to_owned(),
        ));
    }
    Ok(password)
}

/// A token of 32 random bytes.
pub(super) fn new_token() -> Result<String, CliError> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| {
        CliError::Usage(format!(
            "the system gives no randomness for a token: {error}"
        ))
    })?;
    let mut token = PREFIX.to_owned();
    for byte in bytes {
        // Writing to a string does not fail.
        let _infallible = write!(token, "{byte:02x}");
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(one.len(), PREFIX.len() + 64);
        assert_ne!(one, other);
    }
}
