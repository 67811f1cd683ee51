//! The line editor, put together.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use nu_ansi_term::{Color, Style};
use reedline::{
    DefaultHinter, EditCommand, Emacs, FileBackedHistory, IdeMenu, KeyCode, KeyModifiers,
    MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu, ValidationResult, Validator,
    default_emacs_keybindings,
};

use super::completer::SqlCompleter;
use super::highlighter::SqlHighlighter;
use super::is_finished;
use super::names::SharedNames;
use crate::cli::output::terminal::Colours;
use crate::cli::shell::note;

/// Statements remembered between sessions.
const HISTORY: usize = 10_000;
const MENU: &str = "completions";

/// An editor that completes from `names`.
pub(super) fn editor(names: &SharedNames) -> Reedline {
    let mut keys = default_emacs_keybindings();
    keys.add_binding(
        KeyModifiers::NONE,
        KeyCode::Tab,
        ReedlineEvent::UntilFound(vec![
            ReedlineEvent::Menu(MENU.to_owned()),
            ReedlineEvent::MenuNext,
        ]),
    );
    keys.add_binding(
        KeyModifiers::SHIFT,
        KeyCode::BackTab,
        ReedlineEvent::MenuPrevious,
    );
    keys.add_binding(
        KeyModifiers::ALT,
        KeyCode::Enter,
        ReedlineEvent::Edit(vec![EditCommand::InsertNewline]),
    );
    let menu = IdeMenu::default()
        .with_name(MENU)
        .with_max_completion_height(12)
        .with_min_completion_width(12)
        .with_max_completion_width(40)
        .with_max_description_width(60)
        .with_padding(1)
        .with_correct_cursor_pos(true)
        .with_text_style(Style::new())
        .with_selected_text_style(Style::new().fg(Color::Black).on(Color::Cyan))
        .with_match_text_style(Style::new().bold())
        .with_selected_match_text_style(Style::new().bold().fg(Color::Black).on(Color::Cyan))
        .with_description_text_style(Style::new().dimmed())
        .with_marker("> ");
    let hinter = DefaultHinter::default().with_style(Style::new().fg(Color::DarkGray));
    let editor = Reedline::create()
        .with_completer(Box::new(SqlCompleter::new(names.clone())))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_highlighter(Box::new(SqlHighlighter))
        .with_hinter(Box::new(hinter))
        .with_validator(Box::new(StatementValidator))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_ansi_colors(Colours::of_stdout().any())
        .use_bracketed_paste(true);
    match history() {
        Some(history) => editor.with_history(Box::new(history)),
        None => editor,
    }
}

/// The history in the user's state folder. Without one the session still works.
fn history() -> Option<FileBackedHistory> {
    let path = history_path()?;
    match FileBackedHistory::with_file(HISTORY, path.clone()) {
        Ok(history) => Some(history),
        Err(error) => {
            note(&format!(
                "no history: cannot use {}: {error}",
                path.display()
            ));
            None
        }
    }
}

fn history_path() -> Option<PathBuf> {
    let strategy = choose_app_strategy(AppStrategyArgs {
        top_level_domain: "org".to_owned(),
        author: "CohortQL".to_owned(),
        app_name: "cohortql".to_owned(),
    });
    let strategy = strategy.ok()?;
    let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(folder.join("history"))
}

struct StatementValidator;

impl Validator for StatementValidator {
    fn validate(&self, typed: &str) -> ValidationResult {
        if is_finished(typed) {
            ValidationResult::Complete
        } else {
            ValidationResult::Incomplete
        }
    }
}
