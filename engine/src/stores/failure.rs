//! What goes wrong with a store, in words: what could not be reached or read,
//! and what to set. Secrets are taken out of whatever a server said.

use std::fmt;

use object_store::Error;
use object_store::path::Path;

use super::secrets::Secrets;

/// A store's error as one sentence.
#[derive(Debug)]
struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Explains the errors of one client.
#[derive(Debug, Clone)]
pub(super) struct Explain {
    /// The URL of the bucket.
    pub(super) place: String,
    /// The endpoint, where one was set.
    pub(super) endpoint: Option<String>,
    pub(super) secrets: Secrets,
}

impl Explain {
    /// The same kind of error, told in our words.
    pub(super) fn error(&self, error: Error, path: Option<&Path>) -> Error {
        let full = |path: &str| format!("{}/{path}", self.place);
        match error {
            Error::NotFound { path, .. } => Error::NotFound {
                source: failure(format!("there is no {}", full(&path))),
                path,
            },
            Error::PermissionDenied { path, source } => Error::PermissionDenied {
                source: failure(format!(
                    "{} refuses the credentials{}: check them and what they may read",
                    self.place,
                    self.reason(source.as_ref())
                )),
                path: full(&path),
            },
            Error::Unauthenticated { path, source } => Error::Unauthenticated {
                source: failure(format!(
                    "{} does not accept the credentials{}: check them",
                    self.place,
                    self.reason(source.as_ref())
                )),
                path: full(&path),
            },
            Error::Generic { store, source } => Error::Generic {
                store,
                source: failure(self.generic(source.as_ref(), path)),
            },
            other => other,
        }
    }

    fn generic(&self, source: &(dyn std::error::Error + 'static), path: Option<&Path>) -> String {
        let chain = chain(source);
        let lower = chain.to_lowercase();
        let object = path.map_or_else(
            || self.place.clone(),
            |path| format!("{}/{path}", self.place),
        );
        let unreachable = [
            "connect error",
            "error sending request",
            "connection refused",
            "dns error",
            "timed out",
            "connection reset",
        ];
        if unreachable.iter().any(|sign| lower.contains(sign)) {
            let cause = if lower.contains("connection refused") {
                "the connection is refused"
            } else if lower.contains("dns error") || lower.contains("name or service") {
                "the host has no address"
            } else if lower.contains("timed out") || lower.contains("timeout") {
                "there is no answer in time"
            } else {
                "the connection fails"
            };
            let via = self
                .endpoint
                .as_ref()
                .map_or_else(String::new, |e| format!(" at {e}"));
            return format!(
                "cannot reach {object}{via}: {cause}; check the endpoint, the region and the network"
            );
        }
        format!("{object}: {}", brief(&self.secrets.hide(&chain)))
    }

    fn reason(&self, source: &(dyn std::error::Error + 'static)) -> String {
        match server_says(&self.secrets.hide(&chain(source))) {
            Some(said) => format!(" ({said})"),
            None => String::new(),
        }
    }
}

fn failure(text: String) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(Failure(text))
}

/// An error and its causes, those left out that are in the text already.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

/// The code and message of an S3 or Azure error body.
fn server_says(text: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>"))
            .map(|(value, _)| value.trim().to_string())
    };
    let code = element("Code")?;
    Some(match element("Message") {
        Some(message) if !message.is_empty() => format!("{code}: {message}"),
        _ => code,
    })
}

/// What the server says, or the text itself on one line and not too long.
fn brief(text: &str) -> String {
    let text = server_says(text).unwrap_or_else(|| text.to_string());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain() -> Explain {
        Explain {
            place: "s3://shop".to_string(),
            endpoint: Some("http://127.0.0.1:9".to_string()),
            secrets: Secrets::default(),
        }
    }

    fn generic(text: &str) -> String {
        let error = Error::Generic {
            store: "S3",
            source: failure(text.to_string()),
        };
        explain()
            .error(error, Some(&Path::from("a.csv")))
            .to_string()
    }

    #[test]
    fn a_refused_connection_names_object_and_endpoint() {
        let message =
            generic("Error performing GET: tcp connect error: Connection refused (os error 111)");
        assert!(
            message.contains("cannot reach s3://shop/a.csv at http://127.0.0.1:9"),
            "{message}"
        );
    }

    #[test]
    fn what_the_server_says_is_kept_short() {
        let message =
            generic("<Error><Code>SlowDown</Code>\n<Message>Reduce.</Message><X>y</X></Error>");
        assert!(
            message.ends_with("s3://shop/a.csv: SlowDown: Reduce."),
            "{message}"
        );
    }
}
