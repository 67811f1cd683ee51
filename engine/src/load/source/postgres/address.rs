//! Where a database is, and how one gets in: the address of the arguments, and the environment that all
//! programs of PostgreSQL's heed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use url::Url;

use crate::{EngineError, did_you_mean};

/// Where a database listens that says nothing else.
const PORT: u16 = 5432;

/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What may follow the address.
const PARAMETERS: [&str; 2] = ["sslmode", "sslrootcert"];

/// The address of a database.
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    /// Whether what is sent is encrypted.
    pub(super) is_encrypted: bool,
    /// The file with the authorities to believe; those of the system when there is none.
    pub(super) authorities: Option<PathBuf>,
}

impl Address {
    /// The address of a URL, with what it leaves out from the environment.
    pub(super) fn parse(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EngineError> {
        let expected = "expected postgres://USER@HOST:PORT/DATABASE";
        // What does not parse may hold a password anywhere.
        let url = Url::parse(text).map_err(|error| {
            wrong(format!(
                "the address of the database is no URL: {error}; {expected}"
            ))
        })?;
        if url.password().is_some() {
            return Err(wrong(format!(
                "the address \"{}\" carries a password, which others see in the list of processes: \
                 leave it out, and set PGPASSWORD or write it into ~/.pgpass",
                shown(
                    url.username(),
                    url.host_str().unwrap_or_default(),
                    url.port(),
                    url.path()
                )
            )));
        }
        let or = |given: &str, variable: &str| -> Result<Option<String>, EngineError> {
            let decoded = percent_decode_str(given).decode_utf8();
            let decoded = decoded.map_err(|_| {
                wrong(format!(
                    "the address of the database is not UTF-8; {expected}"
                ))
            })?;
            match decoded.is_empty() {
                true => Ok(environment(variable).filter(|text| !text.is_empty())),
                false => Ok(Some(decoded.into_owned())),
            }
        };
        let user = or(url.username(), "PGUSER")?;
        let user = user.ok_or_else(|| {
            wrong(format!(
                "the address of the database names no user; {expected}"
            ))
        })?;
        let host = or(url.host_str().unwrap_or_default(), "PGHOST")?;
        let port = match url.port() {
            Some(port) => port,
            None => match environment("PGPORT").filter(|text| !text.is_empty()) {
                None => PORT,
                Some(text) => text
                    .parse()
                    .map_err(|_| wrong(format!("PGPORT must be a port, got {text:?}")))?,
            },
        };
        let database = or(url.path().trim_start_matches('/'), "PGDATABASE")?;
        let mut mode = environment("PGSSLMODE").filter(|text| !text.is_empty());
        let mut authorities = environment("PGSSLROOTCERT").filter(|text| !text.is_empty());
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => authorities = Some(value.into_owned()),
                other => {
                    return Err(wrong(format!(
                        "unknown parameter {other:?} of the address of a database{}; expected {}",
                        did_you_mean(other, PARAMETERS),
                        PARAMETERS.join(" or ")
                    )));
                }
            }
        }
        Ok(Self {
            host: host.unwrap_or_else(|| "localhost".to_owned()),
            port,
            database: database.unwrap_or_else(|| user.clone()),
            user,
            is_encrypted: is_encrypted(mode.as_deref())?,
            authorities: authorities.map(PathBuf::from),
        })
    }

    /// How to connect.
    pub(super) fn config(&self, password: Option<&str>) -> Config {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .user(&self.user)
            .dbname(&self.database)
            .application_name("cohortql")
            .connect_timeout(PATIENCE)
            // Values are read as text, in which each must say all that it is.
            .options("-c DateStyle=ISO -c TimeZone=UTC -c extra_float_digits=1 -c bytea_output=hex")
            .ssl_mode(match self.is_encrypted {
                true => SslMode::Require,
                false => SslMode::Disable,
            });
        if let Some(password) = password {
            config.password(password);
        }
        config
    }

    /// The password of the environment or of the user's file.
    pub(super) fn password(&self, environment: impl Fn(&str) -> Option<String>) -> Option<String> {
        if let Some(password) = environment("PGPASSWORD").filter(|text| !text.is_empty()) {
            return Some(password);
        }
        let file = match environment("PGPASSFILE").filter(|text| !text.is_empty()) {
            Some(file) => PathBuf::from(file),
            None => Path::new(&environment("HOME")?).join(".pgpass"),
        };
        if !is_private(&file) {
            return None;
        }
        let lines = fs::read_to_string(file).ok()?;
        lines.lines().find_map(|line| self.password_of(line))
    }

    /// The password of a line `host:port:database:user:password`, if it is about this database.
    fn password_of(&self, line: &str) -> Option<String> {
        let mut parts = vec![String::new()];
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            let last = parts.len() - 1;
            match letter {
                '\\' => parts[last].extend(letters.next()),
                ':' if parts.len() < 5 => parts.push(String::new()),
                letter => parts[last].push(letter),
            }
        }
        let [host, port, database, user, password] = <[String; 5]>::try_from(parts).ok()?;
        let is = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let found = is(&host, &self.host)
            && is(&port, &self.port.to_string())
            && is(&database, &self.database)
            && is(&user, &self.user);
        found.then_some(password)
    }

    /// The address as messages have it.
    pub(super) fn shown(&self) -> String {
        shown(&self.user, &self.host, Some(self.port), &self.database)
    }
}

fn shown(user: &str, host: &str, port: Option<u16>, database: &str) -> String {
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    let database = database.trim_start_matches('/');
    format!("postgres://{user}@{host}{port}/{database}")
}

/// Whether a mode of the address asks for encryption. Where it does, the server's certificate is always
/// looked at.
fn is_encrypted(mode: Option<&str>) -> Result<bool, EngineError> {
    match mode {
        None | Some("disable" | "allow" | "prefer") => Ok(false),
        Some("require" | "verify-ca" | "verify-full") => Ok(true),
        Some(other) => Err(wrong(format!(
            "sslmode must be disable, require or verify-full, got {other:?}"
        ))),
    }
}

/// Whether nobody but its owner reads a file, as PostgreSQL's own programs want of one with passwords.
#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|found| found.permissions().mode().trailing_zeros() >= 6)
}

#[cfg(not(unix))]
fn is_private(file: &Path) -> bool {
    file.is_file()
}

fn wrong(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(text, none).map_err(|error| error.to_string())
    }

    #[test]
    fn what_an_address_leaves_out_is_found_elsewhere() {
        let address = parse("postgres://ada@db:6000/shop?sslmode=require").unwrap();
        assert_eq!(address.shown(), "postgres://ada@db:6000/shop");
        assert!(address.is_encrypted);
        assert_eq!(
            parse("postgresql://ada@db").unwrap().shown(),
            "postgres://ada@db:5432/ada"
        );
        let environment = |name: &str| match name {
            "PGUSER" => Some("bob".to_owned()),
            "PGPORT" => Some("7000".to_owned()),
            _ => None,
        };
        let address = Address::parse("postgres:///shop", environment).unwrap();
        assert_eq!(address.shown(), "postgres://bob@localhost:7000/shop");
    }

    #[test]
    fn passwords_are_refused_and_not_repeated() {
        for text in [
            "postgres://ada:hunter2@db/shop",
            "postgres://:hunter2@db/shop",
            "postgres://ada:hunter2@db:99999/shop",
            "postgres://ada@db/shop?password=hunter2",
        ] {
            let error = parse(text).err().unwrap();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn wrong_parameters_are_named() {
        let error = parse("postgres://ada@db/shop?sslmod=x").err().unwrap();
        assert!(error.contains("did you mean \"sslmode\"?"), "{error}");
        let error = parse("postgres://ada@db/shop?sslmode=on").err().unwrap();
        assert!(error.ends_with("got \"on\""), "{error}");
        let error = parse("postgres://db/shop").err().unwrap();
        assert!(error.contains("names no user"), "{error}");
    }

    #[test]
    fn lines_with_passwords_are_about_some_databases() {
        let address = parse("postgres://ada@db/shop").unwrap();
        for (line, password) in [
            ("db:5432:shop:ada:secret", Some("secret")),
            ("*:*:*:*:se:cret\\\\", Some("se:cret\\")),
            ("db:5433:shop:ada:secret", None),
            ("db:*:shop:bob:secret", None),
            ("# db", None),
            ("", None),
        ] {
            assert_eq!(address.password_of(line).as_deref(), password, "{line}");
        }
    }
}
