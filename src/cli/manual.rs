//! The manual page: one for the binary, with a section for each of its commands.

use std::io::Write;

use clap::Command;
use clap_mangen::Man;

use super::error::CliError;

/// Writes the page of `command` in roff.
pub(crate) fn render(mut command: Command, out: &mut dyn Write) -> Result<(), CliError> {
    command.build();
    let page = Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    page.render_extra_section(out)?;
    for subcommand in command.get_subcommands() {
        section(subcommand, out)?;
    }
    page.render_version_section(out)?;
    Ok(())
}

/// A command as a section: what would be sections of a page of its own are those below it.
fn section(command: &Command, out: &mut dyn Write) -> Result<(), CliError> {
    if command.get_name() == "help" {
        return Ok(());
    }
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    page.render_extra_section(&mut text)?;
    let name = command.get_bin_name().unwrap_or(command.get_name());
    writeln!(out, ".SH \"{}\"", name.to_uppercase())?;
    let text = String::from_utf8_lossy(&text);
    for line in text.lines() {
        match line.strip_prefix(".SH ") {
            Some(title) => writeln!(out, ".SS {title}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    command
        .get_subcommands()
        .try_for_each(|below| section(below, out))
}
