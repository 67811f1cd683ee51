//! `cohortql ls`: the models, one a line.

use cohortql_engine::models::Project;

use super::List;
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// Lists models.
pub(crate) fn list(list: &List, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = list.models.open(settings).await?;
        let models = project.select(&list.models.selection());
        let models = models.map_err(CliError::Project)?;
        let longest = models.iter().map(|model| model.name.len()).max();
        let mut text = String::new();
        for model in models {
            if list.long {
                let width = longest.unwrap_or(0);
                let kind = model.kind.word();
                let path = &model.path;
                text += &format!("{:<width$}  {kind:<11}  {path}", model.name);
                let reads = reads(&project, model);
                if !reads.is_empty() {
                    text += &format!("  reads {reads}");
                }
            } else {
                text += &model.name;
            }
            text.push('\n');
        }
        print(text.as_bytes())
    })
}

/// The models and sources that a model reads, separated by commas.
pub(super) fn reads(project: &Project, model: &cohortql_engine::models::Model) -> String {
    let reads = project.reads(model);
    let sources = reads.sources.iter().map(|name| format!("source.{name}"));
    let all: Vec<String> = reads.models.iter().cloned().chain(sources).collect();
    all.join(", ")
}
