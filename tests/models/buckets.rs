//! A warehouse in a bucket: built, read by others, and written by one build at a time.

use std::path::Path;
use std::sync::Mutex;

use cohortql_engine::models::{BuildOptions, Event, Project, Selection};
use cohortql_engine::{Config, Engine, EngineError};
use tempfile::TempDir;

use crate::support::{S3Server, lines};

const CONFIG: &str = "[project]\nname = 'shop'\n[targets.dev]\nwarehouse = 's3://shop/models/'\n\
                      [vars]\nmost = {type = 'bigint', default = 3}\n";

async fn engine(folder: &Path, store: &S3Server) -> Engine {
    let config = format!("{CONFIG}{}", store.config("shop"));
    Engine::builder()
        .target_partitions(2)
        .config(Config::parse(&config).unwrap())
        .project_dir(folder)
        .build()
        .await
        .unwrap()
}

fn selection() -> Selection {
    Selection {
        select: vec!["path:own".to_owned()],
        exclude: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_holds_a_warehouse() {
    let (folder, buckets) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let secrets = TempDir::new().unwrap();
    std::fs::create_dir(buckets.path().join("shop")).unwrap();
    let own = folder.path().join("sql/own");
    std::fs::create_dir_all(&own).unwrap();
    let numbers = "-- materialized: table\nSELECT * FROM generate_series(1, $most) AS t(n)";
    std::fs::write(own.join("numbers.sql"), numbers).unwrap();
    std::fs::write(own.join("total.sql"), "SELECT sum(n) AS n FROM numbers").unwrap();
    let store = S3Server::start(buckets.path(), secrets.path()).await;
    let reader = engine(folder.path(), &store).await;
    let builder = engine(folder.path(), &store).await;
    let project = Project::open(&builder, &[].into()).unwrap();
    let models = project.select(&selection()).unwrap();
    let options = BuildOptions::default();
    project.build(&models, options, &|_| {}).await.unwrap();
    assert!(buckets.path().join("shop/models/manifest.json").exists());
    assert_eq!(total(&reader).await, ["6"]);

    // While one build is at work, another comes and goes.
    let more = Project::open(&reader, &[("most".to_owned(), "4".to_owned())].into()).unwrap();
    let other = more.select(&selection()).unwrap();
    let handle = tokio::runtime::Handle::current();
    let outcomes = Mutex::new(Vec::new());
    let report = |event: Event<'_>| {
        if let Event::Started { number: 1, .. } = event {
            let build = more.build(&other, options, &|_| {});
            let built = tokio::task::block_in_place(|| handle.block_on(build));
            outcomes.lock().unwrap().push(built.unwrap().len());
        }
    };
    let refused = project.build(&models, options, &report).await.unwrap_err();
    assert!(matches!(refused, EngineError::Conflict { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .contains("another build has written to the warehouse"),
        "{refused}"
    );
    assert_eq!(*outcomes.lock().unwrap(), [2]);
    project.build(&models, options, &|_| {}).await.unwrap();
    assert_eq!(total(&reader).await, ["6"]);
}

async fn total(engine: &Engine) -> Vec<String> {
    lines(engine, "SELECT n FROM total").await.unwrap()
}
