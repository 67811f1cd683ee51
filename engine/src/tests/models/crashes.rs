//! Builds that end half way, before or after anything that they write, or find no room for it: the next
//! one makes of it what one that never failed would have.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tempfile::TempDir;
use url::Url;

use super::{open, project, selection, told, write};
use crate::models::{BuildOptions, Project};
use crate::tests::cells;
use crate::{Config, Engine};

/// The disk, until so many writes have been made: the last one is not made, or is and nobody hears of
/// it, and after it nothing is.
#[derive(Debug)]
pub(super) struct Dying {
    disk: LocalFileSystem,
    writes: AtomicUsize,
    last: usize,
    is_made: bool,
    /// Whether what is there can still be read.
    is_full: bool,
}

impl Dying {
    /// A disk that takes `last` writes, and of the one after these what is said.
    pub(super) fn after(last: usize, is_made: bool) -> Self {
        Self {
            disk: LocalFileSystem::new(),
            writes: AtomicUsize::default(),
            last,
            is_made,
            is_full: false,
        }
    }

    /// A disk that has room for `last` writes.
    fn with_room_for(last: usize) -> Self {
        Self {
            is_full: true,
            ..Self::after(last, false)
        }
    }

    /// Whether a write is made, and whether the one who writes lives to see it.
    fn next(&self) -> (bool, bool) {
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        let is_last = number == self.last;
        (
            number < self.last || (is_last && self.is_made),
            number < self.last,
        )
    }

    pub(super) fn is_dead(&self) -> bool {
        self.writes.load(Ordering::SeqCst) > self.last
    }
}

fn full() -> Error {
    Error::Generic {
        store: "Dying",
        source: std::io::Error::from(std::io::ErrorKind::StorageFull).into(),
    }
}

fn dead() -> Error {
    Error::Generic {
        store: "Dying",
        source: "the process has died".into(),
    }
}

impl fmt::Display for Dying {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dying")
    }
}

#[async_trait]
impl ObjectStore for Dying {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let (is_made, lives) = self.next();
        if !is_made {
            return Err(if self.is_full { full() } else { dead() });
        }
        let put = self.disk.put_opts(location, payload, options).await;
        if lives { put } else { Err(dead()) }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.disk.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.is_dead() && !self.is_full {
            true => Err(dead()),
            false => self.disk.get_opts(location, options).await,
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.disk.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.disk.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.disk.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.disk.copy_opts(from, to, options).await
    }
}

const CONFIG: &str = "[sources.sales]\nlocation = 'sales/'\nformat = 'csv'\n\
                      [vars]\nday = {type = 'date', query = 'SELECT max(day) FROM by_day'}\n";
const MODELS: [(&str, &str); 6] = [
    (
        "sales/1.csv",
        "at,shop,pieces\n2024-01-01 10:00:00,a,1\n2024-01-02 11:00:00,b,2\n2024-01-02 11:00:00,d,2\n2024-01-02 11:00:00,e,2\n",
    ),
    ("sql/all_sales.sql", "SELECT * FROM source.sales"),
    (
        "sql/by_day.sql",
        "-- materialized: incremental\n-- strategy: partitions\n-- partition_by: day\n\
         SELECT CAST(at AS DATE) AS day, shop, pieces FROM all_sales",
    ),
    (
        "sql/by_shop.sql",
        "-- materialized: incremental\n-- strategy: merge\n-- key: [shop]\n\
         SELECT shop, count(*) AS sales, sum(pieces) AS pieces FROM by_day GROUP BY shop",
    ),
    (
        "sql/history.sql",
        "-- materialized: snapshot\n-- key: [shop]\n-- as_of: day\nSELECT * FROM by_shop",
    ),
    (
        "sql/totals.sql",
        "-- materialized: table\nSELECT sum(pieces) AS pieces FROM by_shop",
    ),
];
const NEW: (&str, &str) = (
    "sales/2.csv",
    "at,shop,pieces\n2024-01-03 10:00:00,a,5\n2024-01-02 11:00:00,c,2\n",
);

pub(super) async fn engine_on(folder: &TempDir, store: Arc<Dying>) -> Engine {
    let config = Config::read(&folder.path().join("cohortql.toml")).unwrap();
    Engine::builder()
        .target_partitions(2)
        .config(config)
        .project_dir(folder.path())
        .object_store(Url::parse("file:///").unwrap(), store)
        .build()
        .await
        .unwrap()
}

/// Builds everything, and says what came of it.
async fn build(engine: &Engine) -> String {
    let built = async {
        let project = Project::open(engine, &[].into())?;
        let terms = ["all_sales", "by_day", "by_shop", "history", "totals"];
        let models = project.select(&selection(&terms))?;
        let options = BuildOptions::default();
        Ok::<_, crate::EngineError>(told(&project.build(&models, options, &|_| {}).await?))
    };
    built.await.unwrap_or_else(|error| error.to_string())
}

async fn seen(folder: &TempDir) -> String {
    let engine = open(folder).await.unwrap();
    let session = engine.default_session();
    let mut all = String::new();
    for (table, order) in [
        ("by_day", "1, 2, 3"),
        ("by_shop", "1"),
        ("history", "1, 4"),
        ("totals", "1"),
    ] {
        let rows = cells(session, &format!("SELECT * FROM {table} ORDER BY {order}")).await;
        all.push_str(&format!("{table}\n{rows}\n"));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_dies_at_any_write_loses_and_doubles_nothing() {
    let expected = {
        let folder = project(CONFIG, &MODELS);
        build(&open(&folder).await.unwrap()).await;
        write(&folder, &[NEW]);
        build(&open(&folder).await.unwrap()).await;
        seen(&folder).await
    };
    let mut deaths = 0;
    for last in 0.. {
        let mut has_died = false;
        for is_made in [false, true] {
            let folder = project(CONFIG, &MODELS);
            // The first build dies when the number is even, the second otherwise.
            if last % 2 == 1 {
                build(&open(&folder).await.unwrap()).await;
                write(&folder, &[NEW]);
            }
            let store = Arc::new(Dying::after(last / 2, is_made));
            let died = build(&engine_on(&folder, Arc::clone(&store)).await).await;
            has_died |= store.is_dead();
            assert_eq!(store.is_dead(), died.contains("died"), "{died}");
            let mut after = build(&open(&folder).await.unwrap()).await;
            if last % 2 == 0 {
                write(&folder, &[NEW]);
                after = build(&open(&folder).await.unwrap()).await;
            }
            assert_eq!(seen(&folder).await, expected, "{last} {is_made}: {after}");
        }
        match has_died {
            true => deaths += 1,
            false if last % 2 == 1 => break,
            false => {}
        }
    }
    assert!(deaths > 20, "{deaths}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_is_named_and_loses_nothing() {
    let expected = {
        let folder = project(CONFIG, &MODELS);
        build(&open(&folder).await.unwrap()).await;
        write(&folder, &[NEW]);
        build(&open(&folder).await.unwrap()).await;
        seen(&folder).await
    };
    let mut times = 0;
    for room in 0.. {
        let folder = project(CONFIG, &MODELS);
        build(&open(&folder).await.unwrap()).await;
        let before = seen(&folder).await;
        write(&folder, &[NEW]);
        let store = Arc::new(Dying::with_room_for(room));
        let told = build(&engine_on(&folder, Arc::clone(&store)).await).await;
        if !store.is_dead() {
            assert_eq!(seen(&folder).await, expected);
            break;
        }
        times += 1;
        assert!(told.contains("no storage space"), "{room}: {told}");
        if room == 0 {
            assert_eq!(seen(&folder).await, before);
        }
        build(&open(&folder).await.unwrap()).await;
        assert_eq!(seen(&folder).await, expected, "{room}: {told}");
    }
    assert!(times > 8, "{times}");
}
