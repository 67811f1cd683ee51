//! `cohortql compile`: the SQL of models as it is run.

use super::Compile;
use super::list::reads;
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// Prints models with the values of their variables.
pub(crate) fn compile(compile: &Compile, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = compile.models.open(settings).await?;
        let models = project.select(&compile.models.selection());
        let mut text = String::new();
        for model in models.map_err(CliError::Project)? {
            let Some(compiled) = project.compile(model)? else {
                continue;
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text += &format!(
                "-- {} ({}), {}\n",
                model.name,
                model.kind.word(),
                model.path
            );
            text += &format!("-- reads: {}\n", reads(&project, model));
            for (name, value) in &compiled.variables {
                text += &format!("-- ${name} = {value}\n");
            }
            text += &compiled.sql;
            text += ";\n";
        }
        print(text.as_bytes())
    })
}
