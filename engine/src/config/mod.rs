//! Configuration: raw as `cohortql.toml` has it, and validated as the engine uses it.

mod limits;
mod machine;
mod project;
mod quantities;
mod raw;
mod settings;
mod source;
mod zones;

pub use limits::Limits;
pub use project::{
    AlertConfig, ModelsConfig, ProjectConfig, ProjectSettings, TargetConfig, TestsConfig,
};
pub use quantities::{parse_duration, parse_size};
pub(crate) use raw::in_file;
pub use raw::{
    Config, EngineConfig, IngestConfig, LimitsConfig, RoleConfig, RoleTableConfig, StoreConfig,
    TableConfig,
};
pub use settings::Settings;
pub use source::SourceConfig;
pub(crate) use zones::time_zone;
