//! Where Delta tables go that come without a location: `[ingest] location` of `cohortql.toml`.

use std::path::Path;

use datafusion::catalog::Session;
use ring::rand::{SecureRandom, SystemRandom};

use crate::EngineError;
use crate::formats::holds_delta;
use crate::stores::Location;

/// Characters of a folder's name that come from the table's.
const LONGEST_NAME: usize = 60;

/// A folder or bucket with a folder a schema, and a folder a table in that.
#[derive(Debug, Clone)]
pub(crate) struct Warehouse(Location);

impl Warehouse {
    /// The warehouse that the configuration names.
    ///
    /// # Errors
    /// When no tables can be made there.
    pub(crate) fn at(text: &str, base: &Path) -> Result<Self, EngineError> {
        let location = Location::of_tables(text, base);
        location.map(Self).map_err(|why| EngineError::Config {
            message: format!("ingest.location: {why}"),
        })
    }

    /// A folder for a table, in which there is none.
    pub(crate) async fn free_folder(
        &self,
        session: &dyn Session,
        (schema, table): &(String, String),
    ) -> Result<Location, EngineError> {
        let [first, fresh] = self.folders(schema, table)?;
        Ok(match holds_delta(session, &first).await? {
            true => fresh,
            false => first,
        })
    }

    /// The folder of a table, and one for when that is taken. A table that is made again gets
    /// another folder, so that nothing is lost.
    fn folders(&self, schema: &str, table: &str) -> Result<[Location; 2], EngineError> {
        let mut random = [0; 4];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| EngineError::Internal {
                message: "the system gives no random numbers".to_owned(),
            })?;
        let fresh = format!("{}-{:08x}", plain(table), u32::from_be_bytes(random));
        let first = match plain(table) == table {
            true => table,
            false => fresh.as_str(),
        };
        let schema = self.0.child(&plain(schema), true)?;
        Ok([schema.child(first, true)?, schema.child(&fresh, true)?])
    }
}

/// A name that every store takes, and that leads nowhere else.
fn plain(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.chars()
        .take(LONGEST_NAME)
        .map(|c| if fits(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(schema: &str, table: &str) -> [String; 2] {
        let warehouse = Warehouse::at("warehouse", Path::new("/srv")).unwrap();
        let folders = warehouse.folders(schema, table).unwrap();
        folders.map(|folder| folder.url().to_string())
    }

    #[test]
    fn tables_have_folders_of_their_names() {
        let [first, fresh] = folders("public", "orders");
        assert_eq!(first, "file:///srv/warehouse/public/orders/");
        assert!(
            fresh.starts_with("file:///srv/warehouse/public/orders-"),
            "{fresh}"
        );
    }

    #[test]
    fn no_name_leads_out_of_the_warehouse() {
        for name in ["..", "../../etc", "a/b", "a b", "größe", ".", "*"] {
            for folder in folders(name, name) {
                let inside = folder.strip_prefix("file:///srv/warehouse/").unwrap();
                assert_eq!(inside.matches('/').count(), 2, "{folder}");
                assert!(!inside.contains(".."), "{folder}");
            }
        }
        let [first, _] = folders("public", "a b");
        assert_ne!(first, "file:///srv/warehouse/public/a_b/");
    }

    #[test]
    fn a_place_that_takes_no_tables_is_refused() {
        for text in ["https://example.com/x", "a/*.parquet", "ftp://x/y"] {
            let error = Warehouse::at(text, Path::new("/srv"))
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("ingest.location: "), "{error}");
        }
    }
}
