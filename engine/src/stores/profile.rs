//! Profiles of the AWS command line: `~/.aws/credentials` and `~/.aws/config`.

use std::path::{Path, PathBuf};

use datafusion::common::plan_err;
use datafusion::error::Result;

use super::secrets::Options;

/// Keys by which a profile says that its credentials have to be fetched first.
const FETCHED: [&str; 4] = [
    "sso_session",
    "sso_start_url",
    "role_arn",
    "credential_process",
];

/// The options of a profile; `None` when it is in neither file.
///
/// # Errors
/// When the profile has to fetch its credentials.
pub(super) fn read(name: &str) -> Result<Option<Options>> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let file = |variable: &str, default: &str| {
        std::env::var_os(variable).map_or_else(|| home.join(".aws").join(default), PathBuf::from)
    };
    read_files(
        name,
        &file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        &file("AWS_CONFIG_FILE", "config"),
    )
}

fn read_files(name: &str, credentials: &Path, config: &Path) -> Result<Option<Options>> {
    let credentials = std::fs::read_to_string(credentials).unwrap_or_default();
    let config = std::fs::read_to_string(config).unwrap_or_default();
    let in_config = if name == "default" {
        name.to_string()
    } else {
        format!("profile {name}")
    };
    let mut pairs = section(&credentials, name);
    pairs.extend(section(&config, &in_config));
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut options = Options::default();
    for (key, value) in pairs.iter().rev() {
        let ours = match *key {
            "aws_access_key_id" | "aws_secret_access_key" | "aws_session_token" => key,
            "region" => "region",
            "endpoint_url" => "endpoint",
            _ => continue,
        };
        options.set(
            ours.strip_prefix("aws_").unwrap_or(ours),
            (*value).to_string(),
        );
    }
    let fetched = pairs.iter().find(|(key, _)| FETCHED.contains(key));
    if options.get(&["access_key_id"]).is_none()
        && let Some((key, _)) = fetched
    {
        return plan_err!(
            "AWS profile \"{name}\" gets its credentials through {key}, which is not followed: export them \
             with `aws configure export-credentials --profile {name}`"
        );
    }
    Ok(Some(options))
}

/// The pairs of one section of an INI file.
fn section<'a>(text: &'a str, name: &str) -> Vec<(&'a str, &'a str)> {
    let mut inside = false;
    let mut out = Vec::new();
    for line in text.lines() {
        // Nested settings, which are indented, belong to other services.
        let nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let header: Vec<_> = header.split_whitespace().collect();
            inside = header.join(" ") == name;
        } else if inside
            && !nested
            && let Some((key, value)) = line.split_once('=')
        {
            out.push((key.trim(), value.trim()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_put_together_from_both_files() {
        let dir = tempfile::TempDir::new().unwrap();
        let (credentials, config) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(
            &credentials,
            "[other]\naws_access_key_id = X\n[shop]\naws_access_key_id = K\naws_secret_access_key=S\n",
        )
        .unwrap();
        std::fs::write(
            &config,
            "[profile  shop]\nregion = eu-west-1\ns3 =\n  endpoint_url = http://nested\n[profile corp]\nsso_session = x\n",
        )
        .unwrap();
        let shop = read_files("shop", &credentials, &config).unwrap().unwrap();
        assert_eq!(shop.get(&["access_key_id"]), Some("K"));
        assert_eq!(shop.get(&["secret_access_key"]), Some("S"));
        assert_eq!(shop.get(&["region"]), Some("eu-west-1"));
        assert_eq!(shop.get(&["endpoint"]), None);
        assert!(
            read_files("nobody", &credentials, &config)
                .unwrap()
                .is_none()
        );
        assert!(
            read_files("corp", &credentials, &config)
                .unwrap_err()
                .to_string()
                .contains("sso_session")
        );
    }
}
