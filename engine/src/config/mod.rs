//! Configuration: raw as `cohortql.toml` has it, and validated as the engine uses it.

mod limits;
mod machine;
mod project;
mod quantities;
mod raw;
mod settings;
mod zones;

pub use limits::Limits;
pub use project::{ModelsConfig, ProjectConfig, ProjectSettings, TargetConfig};
pub use quantities::{parse_duration, parse_size};
pub(crate) use raw::in_file;
pub use raw::{
    Config, EngineConfig, IngestConfig, LimitsConfig, RoleConfig, RoleTableConfig, StoreConfig,
    TableConfig,
};
pub use settings::Settings;
pub(crate) use zones::time_zone;
