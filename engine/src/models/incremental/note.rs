//! What a build notes with a model's rows: what they were made of, and how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::inputs::Inputs;
use crate::formats::contents::Contents;

/// The note, which lies in the commit that brings the rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) fingerprint: String,
    pub(crate) inputs: BTreeMap<String, Contents>,
}

impl Note {
    pub(crate) fn of(inputs: &Inputs) -> Self {
        Self {
            fingerprint: inputs.fingerprint.clone(),
            inputs: inputs.contents(),
        }
    }

    /// Reads a note; none for one of another shape, as another version may have left it.
    pub(crate) fn read(note: Value) -> Option<Self> {
        serde_json::from_value(note).ok()
    }

    pub(crate) fn write(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}
