//! The system's word that something has happened in a folder.

use std::collections::BTreeMap;
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
    folders: BTreeMap<PathBuf, bool>,
}

impl Bell {
    /// Listens to these folders from now on, where that is said also to what is in their folders.
    pub(super) fn hang(&mut self, folders: &BTreeMap<PathBuf, bool>) {
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
            for (folder, is_deep) in folders {
                let mode = match is_deep {
                    true => RecursiveMode::Recursive,
                    false => RecursiveMode::NonRecursive,
                };
                watcher.watch(folder, mode)?;
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
