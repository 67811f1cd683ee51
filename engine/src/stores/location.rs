//! A place that holds data, as the user wrote it and as the engine reads it.
//!
//! Accepted are paths (relative ones against a base folder), globs, and the
//! schemes `file`, `s3`, `gs`, `az`, `abfss`, `http` and `https`.

use std::fmt;
use std::path::{Component, Path as FilePath, PathBuf};

use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use url::Url;

/// The schemes a location may have.
const SCHEMES: [&str; 9] = [
    "file", "s3", "s3a", "gs", "az", "abfs", "abfss", "http", "https",
];

/// A parsed location: a URL without the glob, and the glob that narrows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    text: String,
    url: Url,
    glob: Option<String>,
}

impl Location {
    /// Reads `text` as a URL or as a path, relative paths against `base`.
    ///
    /// # Errors
    /// When the scheme is none of the known ones, when a URL carries a user
    /// name, password or query (credentials don't belong there), or when the
    /// path can't be a URL.
    pub fn parse(text: &str, base: &FilePath) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return plan_err!("the location is empty; expected a path or a URL");
        }
        match scheme(text) {
            Some(scheme) => Self::parse_url(text, &scheme),
            None => Self::parse_path(text, base),
        }
    }

    fn parse_url(text: &str, scheme: &str) -> Result<Self> {
        if !SCHEMES.contains(&scheme) {
            return plan_err!(
                "the scheme \"{}://\" is not supported; expected a path or one of {}",
                scheme_shown(scheme),
                SCHEMES.map(|s| format!("{s}://")).join(", ")
            );
        }
        let shown = redact(text);
        let (plain, glob) = split_glob(text);
        let not_a_url = |e| DataFusionError::Plan(format!("\"{shown}\" is not a URL: {e}"));
        let mut url = Url::parse(plain).map_err(not_a_url)?;
        if carries_user(&url) {
            return plan_err!(
                "the location \"{shown}\" carries a user or password; credentials belong in the \
                 environment, a profile, or [stores] of cohortql.toml"
            );
        }
        if has_query(text, scheme) || url.fragment().is_some() {
            return plan_err!(
                "the location \"{shown}\" has a query; a location is a plain path (in a pattern, * \
                 stands for any characters), and signatures belong in [stores] of cohortql.toml"
            );
        }
        if scheme == "s3a" {
            url = Url::parse(&plain.replacen("s3a://", "s3://", 1)).map_err(not_a_url)?;
        }
        if scheme != "file" && url.host_str().is_none_or(str::is_empty) {
            return plan_err!("the location \"{shown}\" names no bucket or host");
        }
        if matches!(scheme, "http" | "https") && (glob.is_some() || plain.ends_with('/')) {
            return plan_err!(
                "\"{shown}\" needs a listing, which a web server does not offer; name one file"
            );
        }
        if scheme == "file" {
            let path = url
                .to_file_path()
                .map_err(|()| DataFusionError::Plan(format!("\"{shown}\" is not a local path")))?;
            let slash = plain.ends_with('/');
            return Self::from_absolute(text, &path, slash, glob);
        }
        Ok(Self {
            text: text.to_string(),
            url,
            glob: glob.map(str::to_string),
        })
    }

    fn parse_path(text: &str, base: &FilePath) -> Result<Self> {
        // A file that has glob characters in its name is itself, not a glob.
        let (plain, glob) = if base.join(text).exists() {
            (text, None)
        } else {
            split_glob(text)
        };
        let path = normalise(&base.join(plain));
        let slash = plain.is_empty() || plain.ends_with(std::path::is_separator);
        Self::from_absolute(text, &path, slash, glob)
    }

    fn from_absolute(text: &str, path: &FilePath, slash: bool, glob: Option<&str>) -> Result<Self> {
        let folder = slash || glob.is_some() || path.is_dir();
        let url = if folder {
            Url::from_directory_path(path)
        } else {
            Url::from_file_path(path)
        }
        .map_err(|()| {
            DataFusionError::Plan(format!(
                "\"{text}\" is not an absolute path after resolving"
            ))
        })?;
        Ok(Self {
            text: text.to_string(),
            url,
            glob: glob.map(str::to_string),
        })
    }

    /// The URL without its glob; it ends in `/` where a folder is known or meant.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The pattern that file paths below the URL must match, if any.
    pub fn glob(&self) -> Option<&str> {
        self.glob.as_deref()
    }

    /// What the user wrote.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The path on the local disk, for a location that is there.
    pub fn local_path(&self) -> Option<PathBuf> {
        (self.url.scheme() == "file")
            .then(|| self.url.to_file_path().ok())
            .flatten()
    }

    /// Whether this is a single file behind a web server.
    pub fn is_http(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
    }

    /// The location of a file or folder in this one.
    pub(crate) fn child(&self, name: &str, folder: bool) -> Result<Self> {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| DataFusionError::Plan(format!("\"{self}\" can't hold files")))?
            .pop_if_empty()
            .push(name);
        if folder {
            url.set_path(&format!("{}/", url.path()));
        }
        let text = format!("{}/{name}", self.text.trim_end_matches('/'));
        Ok(Self {
            text,
            url,
            glob: None,
        })
    }

    /// A folder or bucket to make tables in, relative ones against `base`.
    ///
    /// # Errors
    /// What was expected, when there can be none.
    pub(crate) fn of_tables(text: &str, base: &FilePath) -> Result<Self, String> {
        let location = Self::parse(text, base).map_err(|error| error.message().into_owned())?;
        if location.is_http() || location.glob().is_some() {
            return Err(format!(
                "expected a folder or a bucket to make tables in, got \"{location}\""
            ));
        }
        Ok(location.as_folder())
    }

    /// The same location, known to be a folder.
    pub(crate) fn as_folder(&self) -> Self {
        let mut folder = self.clone();
        if !folder.url.path().ends_with('/') {
            folder.url.set_path(&format!("{}/", self.url.path()));
        }
        folder
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Splits `dir/part-*.csv` into `dir/` and `part-*.csv`.
fn split_glob(text: &str) -> (&str, Option<&str>) {
    let Some(wild) = text.find(['*', '?', '[']) else {
        return (text, None);
    };
    let cut = text[..wild].rfind('/').map_or(0, |slash| slash + 1);
    (&text[..cut], Some(&text[cut..]))
}

/// The scheme of what is meant as a URL: `https:/host` and `git+https://host` are no paths, and
/// may hold what a path never does.
fn scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let is_url = match SCHEMES.contains(&scheme.as_str()) {
        true => rest.starts_with('/'),
        false => text.contains("://"),
    };
    is_url.then_some(scheme)
}

/// A scheme as messages show it; anything else before a colon may be a secret.
fn scheme_shown(scheme: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    match scheme.chars().all(plain) {
        true => scheme,
        false => "…",
    }
}

/// Whether a URL carries a user or a password. `abfss://container@account.dfs.core.windows.net`
/// names its container where others put a user.
pub(super) fn carries_user(url: &Url) -> bool {
    let azure = matches!(url.scheme(), "abfs" | "abfss");
    url.password().is_some() || (!azure && !url.username().is_empty())
}

/// Whether a URL carries a query. Signatures come in those of web servers and of Azure, whatever
/// follows the question mark; elsewhere it is part of a pattern, unless a name and `=` follow:
/// `202?/month=1` is a pattern, `x.csv?sig=…` is none.
fn has_query(text: &str, scheme: &str) -> bool {
    if !matches!(scheme, "s3" | "s3a" | "gs" | "file") {
        return text.contains('?');
    }
    text.split('?').skip(1).any(|rest| {
        let name = rest.split('/').next().unwrap_or_default().to_lowercase();
        name.contains('=') || name.contains("%3d") || name.contains('&')
    })
}

/// Resolves `.` and `..` without asking the disk, so that a missing file can
/// still be named in full.
fn normalise(path: &FilePath) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The text of a URL with whatever may be secret taken out.
pub(super) fn redact(text: &str) -> String {
    let (scheme, rest) = match text.split_once(":/") {
        Some((scheme, rest)) => {
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            (format!("{}://", scheme_shown(scheme)), rest)
        }
        None => (String::new(), text),
    };
    let from = match (rest.rfind('@'), rest.find(['?', '#'])) {
        // Where a password holds a question mark, or a signature an @, it can't be told where
        // either ends.
        (Some(at), Some(query)) if query < at => return format!("{scheme}***"),
        (at, _) => at.map_or(0, |at| at + 1),
    };
    let plain = rest[from..].split(['?', '#']).next().unwrap_or_default();
    let user = if from > 0 { "***@" } else { "" };
    format!("{scheme}{user}{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location> {
        Location::parse(text, FilePath::new("/srv/data"))
    }

    #[test]
    fn relative_paths_resolve_against_the_base() {
        let location = parse("../orders.csv").unwrap();
        assert_eq!(location.url().as_str(), "file:///srv/orders.csv");
        assert_eq!(location.text(), "../orders.csv");
    }

    #[test]
    fn globs_are_split_from_the_folder() {
        let location = parse("y=2024/*.csv").unwrap();
        assert_eq!(location.url().as_str(), "file:///srv/data/y=2024/");
        assert_eq!(location.glob(), Some("*.csv"));
        let location = parse("s3://bucket/a/*/x.parquet").unwrap();
        assert_eq!(location.url().as_str(), "s3://bucket/a/");
        assert_eq!(location.glob(), Some("*/x.parquet"));
    }

    #[test]
    fn secrets_in_a_url_are_refused_and_not_repeated() {
        for text in [
            "https://user:hunter2@host/x.csv",
            "az://c/x.csv?sig=hunter2",
            "https://host/x.csv?hunter2",
            "https://host/x.csv?a.b=hunter2",
            "https://host/x.csv?sig%3Dhunter2",
            "https://host/*.csv#hunter2",
            "https://host/x.csv?user@hunter2",
            "https://user:hun?ter2@host/x.csv",
            "https://user:hun/ter2@host/x.csv",
            "https:/user:hunter2@host/x.csv",
            "s3://bucket/x.csv?sig%3Dhunter2",
            "s3://bucket/x.csv?a.b=hunter2",
            "git+https://user:hunter2@host/x.csv",
            "user:hunter2@https://host/x.csv",
        ] {
            let message = parse(text).unwrap_err().to_string();
            for part in ["hunter2", "hun", "ter2"] {
                assert!(!message.contains(part), "{message}");
            }
        }
    }

    #[test]
    fn a_question_mark_is_a_pattern_where_nothing_is_signed() {
        for text in ["s3://b/y=202?/m=1/", "202?/m=*/x.csv", "gs://b/?.csv"] {
            assert!(parse(text).unwrap().glob().is_some(), "{text}");
        }
    }

    #[test]
    fn azure_containers_are_no_users() {
        let location = parse("abfss://box@acct.dfs.core.windows.net/a/").unwrap();
        assert_eq!(location.url().username(), "box");
    }

    #[test]
    fn unknown_schemes_and_web_folders_are_refused() {
        assert!(
            parse("ftp://host/x")
                .unwrap_err()
                .to_string()
                .contains("ftp://")
        );
        assert!(
            parse("http://host/dir/")
                .unwrap_err()
                .to_string()
                .contains("one file")
        );
    }
}
