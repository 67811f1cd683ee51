//! Changes of the catalog: made in the file first, then in memory, under one lock.

use std::sync::Arc;

use datafusion::catalog::SchemaProvider;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::logical_expr::TableType;

use super::definition::{Definition, Entry};
use super::record::{Kind, Record};
use super::{Catalog, missing_schema};
use crate::environment::SCHEMA;
use crate::{EngineError, system};

/// What to do with a table or view whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Refuse,
    Keep,
    Replace,
}

/// A change of the catalog.
#[derive(Debug)]
pub(super) enum Change {
    Put {
        schema: String,
        name: String,
        entry: Entry,
        taken: Taken,
    },
    Drop {
        schema: String,
        name: String,
        table_type: TableType,
        if_exists: bool,
    },
    CreateSchema {
        name: String,
        record: Option<Record>,
        if_not_exists: bool,
    },
    DropSchema {
        name: String,
        if_exists: bool,
        cascade: bool,
    },
}

impl Catalog {
    /// Makes a change, in memory and, where the project keeps it, in the file.
    pub(super) fn change(&self, change: Change) -> Result<(), EngineError> {
        let _one_at_a_time = self.one_at_a_time();
        let Some(file) = &self.file else {
            if self.allows(&change)? {
                self.perform(change);
            }
            return Ok(());
        };
        let locked = file.lock()?;
        let mut records = file.read()?;
        self.take_in(&records);
        if !self.allows(&change)? {
            return Ok(());
        }
        if self.drops_what_hides(&change) {
            self.perform(change);
            self.take_in(&records);
            return Ok(());
        }
        if change.edit(&mut records) {
            locked.write(&records)?;
        }
        self.perform(change);
        Ok(())
    }

    /// Makes the memory agree with the records of the file.
    pub(super) fn take_in(&self, records: &[Record]) {
        for record in records {
            let schema = self.add_schema(record.schema());
            if record.kind() == Kind::Schema {
                continue;
            }
            let known = schema.get(record.name());
            let current = match &known {
                None => true,
                Some(entry) => entry.record().is_some_and(|known| !known.same_as(record)),
            };
            if current {
                let definition = Definition::recorded(record.clone(), None);
                schema.put(record.name(), Entry::Defined(Arc::new(definition)));
            }
        }
        self.drop_unrecorded(records);
    }

    /// Whether a change drops a table made by code or configuration: one of the file's that it
    /// hides is then seen again.
    fn drops_what_hides(&self, change: &Change) -> bool {
        let Change::Drop { schema, name, .. } = change else {
            return false;
        };
        let entry = self.find(schema).and_then(|schema| schema.get(name));
        entry.is_some_and(|entry| entry.record().is_none())
    }

    /// Drops what another process has dropped.
    fn drop_unrecorded(&self, records: &[Record]) {
        use datafusion::catalog::CatalogProvider;
        for schema_name in self.schema_names() {
            let Some(schema) = self.find(&schema_name) else {
                continue;
            };
            for name in schema.table_names() {
                let recorded = schema
                    .get(&name)
                    .is_some_and(|entry| entry.record().is_some());
                if recorded
                    && !records
                        .iter()
                        .any(|record| record.defines(&schema_name, &name))
                {
                    schema.remove(&name);
                }
            }
            let kept = schema_name == SCHEMA
                || !schema.table_names().is_empty()
                || records.iter().any(|record| record.schema() == schema_name);
            if !kept {
                self.remove_schema(&schema_name);
            }
        }
    }

    /// Whether there is anything to do; an error when it may not be done.
    fn allows(&self, change: &Change) -> Result<bool, EngineError> {
        system::may_change(change.schema())?;
        match change {
            Change::Put {
                schema,
                name,
                taken,
                ..
            } => self.may_put(schema, name, *taken),
            Change::Drop {
                schema,
                name,
                table_type,
                if_exists,
            } => {
                let entry = self.find(schema).and_then(|schema| schema.get(name));
                may_drop(entry.as_ref(), name, *table_type, *if_exists)
            }
            Change::CreateSchema {
                name,
                if_not_exists,
                ..
            } => match self.find(name).is_some() || name == INFORMATION_SCHEMA {
                true if *if_not_exists => Ok(false),
                true => Err(EngineError::AlreadyExists {
                    message: format!("schema {name:?} exists already"),
                }),
                false => Ok(true),
            },
            Change::DropSchema {
                name,
                if_exists,
                cascade,
            } => match self.find(name) {
                None if *if_exists => Ok(false),
                None => Err(missing_schema(name)),
                Some(schema) if !cascade && !schema.table_names().is_empty() => {
                    Err(schema.not_empty())
                }
                Some(_) => Ok(true),
            },
        }
    }

    /// Whether a table or view is to be made; an error when it may not be.
    pub(super) fn may_put(
        &self,
        schema: &str,
        name: &str,
        taken: Taken,
    ) -> Result<bool, EngineError> {
        system::may_change(schema)?;
        let schema = self.find(schema).ok_or_else(|| missing_schema(schema))?;
        match (schema.get(name), taken) {
            (None, _) | (Some(_), Taken::Replace) => Ok(true),
            (Some(_), Taken::Keep) => Ok(false),
            (Some(entry), Taken::Refuse) => Err(EngineError::AlreadyExists {
                message: format!("{} {name:?} exists already", noun(entry.table_type())),
            }),
        }
    }

    fn perform(&self, change: Change) {
        match change {
            Change::Put {
                schema,
                name,
                entry,
                ..
            } => {
                self.add_schema(&schema).put(&name, entry);
            }
            Change::Drop { schema, name, .. } => {
                if let Some(schema) = self.find(&schema) {
                    schema.remove(&name);
                }
            }
            Change::CreateSchema { name, .. } => {
                self.add_schema(&name);
            }
            Change::DropSchema { name, .. } => {
                self.remove_schema(&name);
            }
        }
    }
}

impl Change {
    /// The schema that it is about.
    fn schema(&self) -> &str {
        match self {
            Self::Put { schema, .. } | Self::Drop { schema, .. } => schema,
            Self::CreateSchema { name, .. } | Self::DropSchema { name, .. } => name,
        }
    }

    /// Makes the change in the records of the file; false when it does not concern them.
    fn edit(&self, records: &mut Vec<Record>) -> bool {
        let before = records.len();
        match self {
            Self::Put {
                schema,
                name,
                entry,
                ..
            } => {
                records.retain(|record| !record.defines(schema, name));
                records.extend(entry.record().cloned());
                records.len() != before || entry.record().is_some()
            }
            Self::Drop { schema, name, .. } => {
                records.retain(|record| !record.defines(schema, name));
                records.len() != before
            }
            Self::CreateSchema { record, .. } => {
                records.extend(record.clone());
                records.len() != before
            }
            Self::DropSchema { name, .. } => {
                records.retain(|record| record.schema() != name);
                records.len() != before
            }
        }
    }
}

fn may_drop(
    existing: Option<&Entry>,
    name: &str,
    table_type: TableType,
    if_exists: bool,
) -> Result<bool, EngineError> {
    let asked = noun(table_type);
    match existing {
        None if if_exists => Ok(false),
        None => Err(EngineError::NotFound {
            message: format!("{asked} {name:?} does not exist"),
            location: None,
        }),
        Some(entry) if noun(entry.table_type()) != asked => {
            let is = noun(entry.table_type());
            Err(EngineError::Plan {
                message: format!("{name:?} is a {is}: use DROP {}", is.to_uppercase()),
                location: None,
            })
        }
        Some(_) => Ok(true),
    }
}

fn noun(table_type: TableType) -> &'static str {
    match table_type {
        TableType::View => "view",
        TableType::Base | TableType::Temporary => "table",
    }
}
