//! The roles in force, which may be exchanged while statements run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use super::keyed_hash::MaskKey;
use super::roles::Role;
use crate::EngineError;
use crate::config::RoleConfig;

/// Roles by name.
pub(super) type Roles = BTreeMap<String, Arc<Role>>;

/// What all sessions of an engine ask for their rights.
#[derive(Debug)]
pub(crate) struct Policies {
    roles: RwLock<Arc<Roles>>,
    pub(super) mask_key: MaskKey,
}

impl Policies {
    pub(crate) fn new(
        roles: BTreeMap<String, RoleConfig>,
        base: &Path,
        mask_key: MaskKey,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            roles: RwLock::new(Arc::new(validated(roles, base)?)),
            mask_key,
        })
    }

    /// Puts other roles in force, for every session at once.
    pub(crate) fn replace(
        &self,
        roles: BTreeMap<String, RoleConfig>,
        base: &Path,
    ) -> Result<(), EngineError> {
        let roles = Arc::new(validated(roles, base)?);
        *self.roles.write().unwrap_or_else(PoisonError::into_inner) = roles;
        Ok(())
    }

    pub(super) fn roles(&self) -> Arc<Roles> {
        let roles = self.roles.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&roles)
    }
}

fn validated(roles: BTreeMap<String, RoleConfig>, base: &Path) -> Result<Roles, EngineError> {
    let validate = |(name, config): (String, RoleConfig)| {
        let role = Role::validate(&name, config, base)?;
        Ok((name, Arc::new(role)))
    };
    roles.into_iter().map(validate).collect()
}
