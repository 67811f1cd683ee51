//! The prompt, and what stands before the further lines of a statement.

use std::borrow::Cow;

use reedline::{Color, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// `cohortql> `, with the server where there is one.
pub(super) struct ShellPrompt {
    first: String,
    further: String,
}

impl ShellPrompt {
    pub(super) fn new(server: Option<&str>) -> Self {
        let first = match server {
            Some(server) => format!("cohortql@{server}"),
            None => "cohortql".to_owned(),
        };
        let indent = " ".repeat(first.chars().count().saturating_sub(1));
        Self {
            further: format!("{indent}-> "),
            first,
        }
    }
}

impl Prompt for ShellPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.first)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.further)
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "nothing with ",
        };
        Cow::Owned(format!(" history: {failing}{}> ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        Color::Cyan
    }

    fn get_indicator_color(&self) -> Color {
        Color::Cyan
    }

    fn get_prompt_multiline_color(&self) -> nu_ansi_term::Color {
        nu_ansi_term::Color::DarkGray
    }
}
