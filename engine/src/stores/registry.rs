//! From a URL to its store: one for each bucket, made when it is first asked for.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use tokio::runtime::Handle;
use url::Url;

use super::clients::{self, place};
use super::failure::Explain;
use super::location::{carries_user, redact};
use super::routed::{Route, RoutedStore};
use super::secrets::{Options, Secrets};
use crate::config::StoreConfig;

/// A `[stores."…"]` section.
#[derive(Debug, Clone)]
struct Section {
    /// The bucket's URL.
    place: String,
    /// The path in the bucket, empty for all of it.
    prefix: Path,
    /// The section's name, for messages.
    name: String,
    config: StoreConfig,
}

/// The stores of an engine.
pub(super) struct Registry {
    io: Handle,
    sections: Vec<Section>,
    stores: RwLock<HashMap<String, Arc<dyn ObjectStore>>>,
}

impl Registry {
    /// Takes the sections of the configuration over; nothing is connected yet.
    ///
    /// # Errors
    /// When a section's name is no URL of a store.
    pub(super) fn new(sections: &BTreeMap<String, StoreConfig>, io: Handle) -> Result<Self> {
        let parse = |(name, config): (&String, &StoreConfig)| {
            let spelled = name.replacen("s3a://", "s3://", 1);
            let name = redact(name);
            let Ok(url) = Url::parse(&spelled) else {
                return plan_err!(
                    "[stores.\"{name}\"] must be the URL of a bucket or a prefix of one"
                );
            };
            if !matches!(
                url.scheme(),
                "s3" | "gs" | "az" | "abfs" | "abfss" | "http" | "https"
            ) || url.host_str().is_none_or(str::is_empty)
            {
                return plan_err!(
                    "[stores.\"{name}\"] must begin with s3://, gs://, az://, abfss://, http:// or https:// and \
                     a bucket or host"
                );
            }
            if carries_user(&url) || url.query().is_some() || url.fragment().is_some() {
                return plan_err!(
                    "[stores.\"{name}\"] must be a plain URL: name credentials under env or files"
                );
            }
            let prefix = Path::from_url_path(url.path())?;
            Ok(Section {
                place: place(&url),
                prefix,
                name,
                config: config.clone(),
            })
        };
        Ok(Self {
            io,
            sections: sections.iter().map(parse).collect::<Result<_>>()?,
            stores: RwLock::default(),
        })
    }

    fn open(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if url.scheme() == "file" {
            return Ok(Arc::new(LocalFileSystem::new()));
        }
        if carries_user(url) {
            return plan_err!(
                "\"{}\" carries a user or password; credentials belong in the environment, a \
                 profile, or [stores] of cohortql.toml",
                redact(url.as_str())
            );
        }
        let place = place(url);
        let mut routes = Vec::new();
        let mut first_failure = None;
        for section in self
            .sections
            .iter()
            .filter(|section| section.place == place)
        {
            let options = Options::read(&section.name, &section.config);
            let profile = section.config.profile.as_deref();
            let client =
                options.and_then(|options| clients::build(url, options, profile, &self.io));
            routes.push(route(&place, section.prefix.clone(), client));
        }
        if !routes.iter().any(|route| route.prefix.as_ref().is_empty()) {
            let client = clients::build(url, Options::default(), None, &self.io);
            routes.push(route(&place, Path::default(), client));
        }
        for route in &routes {
            if let Err(message) = &route.client {
                first_failure.get_or_insert_with(|| message.clone());
            }
        }
        match first_failure {
            Some(message) if routes.iter().all(|route| route.client.is_err()) => {
                plan_err!("{message}")
            }
            _ => Ok(Arc::new(RoutedStore::new(place, routes))),
        }
    }
}

fn route(place: &str, prefix: Path, client: Result<clients::Client>) -> Route {
    let mut explain = Explain {
        place: place.to_string(),
        endpoint: None,
        secrets: Secrets::default(),
    };
    let client = match client {
        Ok((client, options)) => {
            explain.endpoint = options.get(&["endpoint", "base_url"]).map(redact);
            explain.secrets = options.secrets();
            Ok(client)
        }
        Err(error) => Err(error.message().into_owned()),
    };
    Route {
        prefix,
        client,
        explain,
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.sections.iter().map(|section| &section.name);
        f.debug_struct("Registry")
            .field("sections", &names.collect::<Vec<_>>())
            .finish()
    }
}

impl ObjectStoreRegistry for Registry {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        let mut stores = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        stores.insert(place(url), store)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let place = place(url);
        let known = self
            .stores
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&place)
            .cloned();
        if let Some(store) = known {
            return Ok(store);
        }
        let store = self.open(url)?;
        let mut stores = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(stores.entry(place).or_insert(store)))
    }
}
