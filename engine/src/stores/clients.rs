//! Clients of object stores: built from options, on the I/O runtime, with
//! timeouts short enough that a wrong address is an answer and not a wait.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use datafusion::common::plan_err;
use datafusion::error::Result;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::SpawnedReqwestConnector;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use tokio::runtime::Handle;
use url::Url;

use super::location::redact;
use super::profile;
use super::secrets::Options;

/// How long to try to connect, once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long one request may take, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// What can be set anywhere to fetch credentials from the machine's own service,
/// which elsewhere would only be waited for.
const FROM_MACHINE: &str = "instance_credentials";

/// Options that are addresses of servers.
const ENDPOINTS: [&str; 7] = [
    "endpoint",
    "base_url",
    "endpoint_url_sts",
    "metadata_endpoint",
    "msi_endpoint",
    "authority_host",
    "container_credentials_full_uri",
];

/// A client, and the options it was built from.
pub(super) type Client = (Arc<dyn ObjectStore>, Options);

/// Builds the client of a bucket, container or server.
///
/// # Errors
/// When there are no credentials for it, saying what to set.
pub(super) fn build(
    url: &Url,
    given: Options,
    profile: Option<&str>,
    io: &Handle,
) -> Result<Client> {
    let connector = SpawnedReqwestConnector::new(io.clone());
    match url.scheme() {
        "s3" => s3(url, given, profile, connector),
        "gs" => gcs(url, given, connector),
        "az" | "abfs" | "abfss" => azure(url, given, connector),
        "http" | "https" => web(url, given, connector),
        scheme => plan_err!("no object store is known for {scheme}://"),
    }
}

fn s3(
    url: &Url,
    given: Options,
    profile: Option<&str>,
    connector: SpawnedReqwestConnector,
) -> Result<Client> {
    const CREDENTIALS: [&str; 3] = ["access_key_id", "secret_access_key", "token"];
    let place = place(url);
    let environment = Options::from_environment(&["AWS_"]);
    let environment = rename(
        environment,
        "aws_",
        &[
            ("session_token", "token"),
            ("endpoint_url_s3", "endpoint"),
            ("endpoint_url", "endpoint"),
        ],
    );
    let given = rename(
        given,
        "aws_",
        &[("session_token", "token"), ("endpoint_url", "endpoint")],
    );
    let own = given.get(&["access_key_id"]).is_some();
    let named = profile.map(str::to_string);
    let in_environment = environment.get(&["access_key_id"]).is_some();
    // The usual order: what the section says, the environment, the profile.
    let from_profile = match named.or_else(|| environment.get(&["profile"]).map(str::to_string)) {
        Some(name) if profile.is_some() || !(own || in_environment) => {
            match profile::read(&name)? {
                Some(found) => found,
                None => return plan_err!("{place}: there is no AWS profile \"{name}\""),
            }
        }
        _ if own || in_environment => Options::default(),
        _ => profile::read("default").ok().flatten().unwrap_or_default(),
    };
    let is_credential = |name: &str| CREDENTIALS.contains(&name);
    let environment = if own || profile.is_some() {
        environment.without(is_credential)
    } else {
        environment
    };
    let from_profile = rename(from_profile, "", &[("session_token", "token")]);
    let from_profile = if own {
        from_profile.without(is_credential)
    } else {
        from_profile
    };
    let mut options = if profile.is_some() {
        given.over(from_profile).over(environment)
    } else {
        given.over(environment).over(from_profile)
    };
    let has = |names: &[&str]| options.get(names).is_some();
    let known = has(&["access_key_id"])
        || (has(&["web_identity_token_file"]) && has(&["role_arn"]))
        || has(&[
            "container_credentials_relative_uri",
            "container_credentials_full_uri",
        ])
        || options.is_true(&["skip_signature", FROM_MACHINE]);
    if !known {
        return plan_err!(
            "no credentials for {place}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, \
             or name them under [stores.\"{place}\"] of cohortql.toml; for a public bucket set \
             AWS_SKIP_SIGNATURE=true, on a machine with a role of its own the option {FROM_MACHINE}"
        );
    }
    options.remove(FROM_MACHINE);
    options.remove("profile");
    let builder = AmazonS3Builder::new()
        .with_bucket_name(url.host_str().unwrap_or_default())
        .with_client_options(client_options())
        .with_retry(retries())
        .with_http_connector(connector);
    let builder = configured(
        builder,
        &options,
        &["", "aws_"],
        AmazonS3Builder::with_config,
    );
    client(&place, options, || builder.build())
}

fn gcs(url: &Url, given: Options, connector: SpawnedReqwestConnector) -> Result<Client> {
    let place = place(url);
    let environment = rename(Options::from_environment(&["GOOGLE_"]), "google_", &[]);
    let mut options = rename(given, "google_", &[("endpoint", "base_url")]).over(environment);
    let home = std::env::var_os("HOME")
        .map(std::path::PathBuf::from)
        .unwrap_or_default();
    let personal = home.join(".config/gcloud/application_default_credentials.json");
    let names = [
        "service_account",
        "service_account_path",
        "service_account_key",
        "application_credentials",
    ];
    let known = options.get(&names).is_some()
        || personal.exists()
        || options.is_true(&["skip_signature", FROM_MACHINE]);
    if !known {
        return plan_err!(
            "no credentials for {place}: set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT to a \
             key file, or name one under [stores.\"{place}\"] of cohortql.toml; for a public bucket set \
             GOOGLE_SKIP_SIGNATURE=true, on a machine with an account of its own the option {FROM_MACHINE}"
        );
    }
    options.remove(FROM_MACHINE);
    // An emulator's address says itself that it is plain.
    let plain = options
        .get(&["base_url"])
        .is_some_and(|url| url.starts_with("http://"));
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(url.host_str().unwrap_or_default())
        .with_client_options(client_options().with_allow_http(plain))
        .with_retry(retries())
        .with_http_connector(connector);
    let with = GoogleCloudStorageBuilder::with_config;
    let builder = configured(builder, &options, &["", "google_"], with);
    client(&place, options, || builder.build())
}

fn azure(url: &Url, given: Options, connector: SpawnedReqwestConnector) -> Result<Client> {
    let place = place(url);
    let environment = rename(
        Options::from_environment(&["AZURE_"]),
        "azure_storage_",
        &[],
    );
    let environment = rename(environment, "azure_", &[]);
    let mut options = rename(rename(given, "azure_storage_", &[]), "azure_", &[]).over(environment);
    let has = |names: &[&str]| options.get(names).is_some();
    let emulator = options.is_true(&["use_emulator"]);
    let known = has(&[
        "account_key",
        "access_key",
        "master_key",
        "sas_key",
        "sas_token",
        "token",
        "bearer_token",
    ]) || has(&["client_secret", "federated_token_file"])
        || emulator
        || options.is_true(&["skip_signature", "use_azure_cli", FROM_MACHINE]);
    if !known {
        return plan_err!(
            "no credentials for {place}: set AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN or \
             AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID, or name them under \
             [stores.\"{place}\"] of cohortql.toml; for a public container set AZURE_SKIP_SIGNATURE=true, on \
             a machine with an identity of its own the option {FROM_MACHINE}"
        );
    }
    let in_url = matches!(url.scheme(), "abfs" | "abfss") && !url.username().is_empty();
    if !in_url && !emulator && !has(&["account_name"]) {
        return plan_err!(
            "no account for {place}: set AZURE_STORAGE_ACCOUNT_NAME, or the option account_name under \
             [stores.\"{place}\"] of cohortql.toml, or write abfss://container@account.dfs.core.windows.net/"
        );
    }
    options.remove(FROM_MACHINE);
    let builder = MicrosoftAzureBuilder::new()
        .with_client_options(client_options())
        .with_retry(retries())
        .with_http_connector(connector);
    let with = MicrosoftAzureBuilder::with_config;
    let prefixes = ["", "azure_", "azure_storage_"];
    let builder = configured(builder, &options, &prefixes, with);
    let builder = if in_url {
        builder.with_url(place.as_str())
    } else {
        builder.with_container_name(url.host_str().unwrap_or_default())
    };
    client(&place, options, || builder.build())
}

fn web(url: &Url, given: Options, connector: SpawnedReqwestConnector) -> Result<Client> {
    let place = place(url);
    let builder = HttpBuilder::new()
        .with_url(place.as_str())
        .with_client_options(client_options().with_allow_http(true))
        .with_retry(retries())
        .with_http_connector(connector);
    let builder = configured(builder, &given, &[""], HttpBuilder::with_config);
    client(&place, given, || builder.build())
}

/// Hands a builder the options that it knows, with or without a prefix.
fn configured<B, K: FromStr>(
    builder: B,
    options: &Options,
    prefixes: &[&str],
    with: impl Fn(B, K, String) -> B,
) -> B {
    options.iter().fold(builder, |builder, (name, value)| {
        let mut keys = prefixes
            .iter()
            .map(|prefix| format!("{prefix}{name}").parse());
        match keys.find_map(std::result::Result::ok) {
            Some(key) => with(builder, key, value.to_string()),
            None => builder,
        }
    })
}

/// Builds a client whose endpoints are URLs: of others some builders make a panic.
fn client<S: ObjectStore>(
    place: &str,
    options: Options,
    build: impl FnOnce() -> object_store::Result<S>,
) -> Result<Client> {
    for name in ENDPOINTS {
        let Some(value) = options.get(&[name]) else {
            continue;
        };
        let url = Url::parse(value).ok();
        let is_web = url.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some_and(|h| !h.is_empty())
        });
        if !is_web {
            return plan_err!(
                "the settings for {place} can't be used: {name} must be a URL such as \
                 https://objects.example.com, got \"{}\"",
                redact(value)
            );
        }
    }
    match build() {
        Ok(store) => Ok((Arc::new(store), options)),
        Err(error) => {
            let text = options.secrets().hide(&error.to_string());
            plan_err!("the settings for {place} can't be used: {text}")
        }
    }
}

/// The part of a URL that one client serves.
pub(super) fn place(url: &Url) -> String {
    url[..url::Position::BeforePath].to_string()
}

/// Options without the prefix of their provider, some under another name.
fn rename(options: Options, prefix: &str, aliases: &[(&str, &str)]) -> Options {
    let mut out = Options::default();
    for (name, value) in options.iter() {
        let name = name.strip_prefix(prefix).unwrap_or(name);
        let name = aliases
            .iter()
            .find(|(alias, _)| *alias == name)
            .map_or(name, |(_, to)| to);
        out.set(name, value.to_string());
    }
    out
}

fn client_options() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout(REQUEST_TIMEOUT)
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 2,
        retry_timeout: Duration::from_secs(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endpoint_that_is_no_url_is_named() {
        for endpoint in [
            "not a url",
            "localhost:9000",
            "https://",
            "http://u:hunter2@",
        ] {
            let mut options = Options::default();
            for (name, value) in [
                ("access_key_id", "key"),
                ("secret_access_key", "secret"),
                ("endpoint", endpoint),
            ] {
                options.set(name, value.to_string());
            }
            let url = Url::parse("s3://shop").unwrap();
            let message = build(&url, options, None, &Handle::current())
                .unwrap_err()
                .to_string();
            assert!(message.contains("endpoint must be a URL"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
