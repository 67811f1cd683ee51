//! `--connect` and what goes with it: who one is, and whom one believes.

use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use cohortql_server::{ClientTls, ConnectOptions, Login};

use super::error::CliError;

/// Where logins are that no flag names. A flag of either kind goes before the variables of both.
const USER: &str = "COHORTQL_USER";
const TOKEN: &str = "COHORTQL_TOKEN";

/// Where a password is that nobody is asked for.
const PASSWORD: &str = "COHORTQL_PASSWORD";

/// How to reach a server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// Send SQL to a server instead of running it here: grpc://HOST:PORT, or grpc+tls:// encrypted
    #[arg(
        long,
        value_name = "URL",
        env = "COHORTQL_CONNECT",
        conflicts_with = "paths"
    )]
    connect: Option<String>,

    /// The user [env: COHORTQL_USER]; the password is asked for, or taken from COHORTQL_PASSWORD
    #[arg(long, value_name = "NAME", conflicts_with_all = ["token", "token_file"])]
    user: Option<String>,

    /// File that holds the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// A token instead of user and password [env: COHORTQL_TOKEN, which others do not see in the
    /// list of processes]
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<String>,

    /// File that holds the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Authorities to believe, in PEM [default: those of the system]
    #[arg(long, value_name = "FILE", env = "COHORTQL_TLS_CA")]
    tls_ca: Option<PathBuf>,

    /// The client's own certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Connection {
    /// The server to connect to, and how; none when SQL runs here. May ask for a password.
    pub(crate) fn server(&self) -> Result<Option<(&str, ConnectOptions)>, CliError> {
        let Some(url) = &self.connect else {
            return match self.without_use() {
                None => Ok(None),
                Some(flag) => Err(CliError::Usage(format!(
                    "--{flag} is for a server: say which with --connect"
                ))),
            };
        };
        let authorities = self.tls_ca.as_deref().map(read_bytes).transpose()?;
        let identity = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some((read_bytes(certificate)?, read_bytes(key)?)),
            _ => None,
        };
        let options = ConnectOptions {
            login: self.login()?,
            tls: ClientTls {
                authorities,
                identity,
            },
        };
        Ok(Some((url, options)))
    }

    /// A flag that means nothing without a server. Those that come from the environment are meant
    /// for other runs.
    fn without_use(&self) -> Option<&'static str> {
        let flags = [
            ("password-file", self.password_file.is_some()),
            ("token-file", self.token_file.is_some()),
            ("tls-cert", self.tls_cert.is_some()),
        ];
        flags
            .into_iter()
            .find(|(_, given)| *given)
            .map(|(flag, _)| flag)
    }

    fn login(&self) -> Result<Option<Login>, CliError> {
        let of_user = |user: String| {
            let password = self.password(&user)?;
            Ok(Some(Login::Password { user, password }))
        };
        if let Some(user) = &self.user {
            return of_user(user.clone());
        }
        if let Some(file) = &self.token_file {
            return Ok(Some(Login::Token(read_line(file)?)));
        }
        if let Some(token) = self.token.clone().or_else(|| variable(TOKEN)) {
            return Ok(Some(Login::Token(token)));
        }
        match variable(USER) {
            Some(user) => of_user(user),
            None => Ok(None),
        }
    }

    fn password(&self, user: &str) -> Result<String, CliError> {
        if let Some(file) = &self.password_file {
            return read_line(file);
        }
        if let Some(password) = variable(PASSWORD) {
            return Ok(password);
        }
        if !stdin().is_terminal() {
            return Err(CliError::Usage(format!(
                "user {user:?} needs a password: set {PASSWORD}, or name a --password-file"
            )));
        }
        Ok(rpassword::prompt_password(format!("Password of {user}: "))?)
    }
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn read_bytes(path: impl AsRef<Path>) -> Result<Vec<u8>, CliError> {
    let path = path.as_ref();
    std::fs::read(path).map_err(|source| CliError::CannotRead {
        path: path.to_owned(),
        source,
    })
}

/// A secret in a file, without the newline that editors put at the end.
fn read_line(path: &Path) -> Result<String, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::CannotRead {
        path: path.to_owned(),
        source,
    })?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() || secret.contains('\n') {
        let file = path.display();
        return Err(CliError::Usage(format!(
            "{file}: expected one line with a secret, got {}",
            if secret.is_empty() { "none" } else { "several" }
        )));
    }
    Ok(secret.to_owned())
}
