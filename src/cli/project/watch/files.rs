//! The system's word that something has happened in a folder.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Rings when files of some folders change. Where the system has no word for that, it stays silent, and
/// files are found when they are listed next.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rope: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

impl Bell {
    /// Listens to these folders, and what is in them, from now on.
    pub(super) fn hang(&mut self, folders: &BTreeSet<PathBuf>) {
        if *folders == self.folders {
            return;
        }
        let rope = Arc::clone(&self.rope);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Builds read files, which is nothing new.
            if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
                rope.notify_one();
            }
        });
        let hung = watcher.and_then(|mut watcher| {
            for folder in folders {
                watcher.watch(folder, RecursiveMode::Recursive)?;
            }
            Ok(watcher)
        });
        match hung {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => tracing::warn!(%error, "files are found by listing alone"),
        }
        self.folders.clone_from(folders);
    }

    /// Waits until it rings, or returns at once where it has since it was asked last.
    pub(super) async fn rung(&self) {
        self.rope.notified().await;
    }
}
