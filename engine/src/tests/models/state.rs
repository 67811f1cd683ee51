//! Selections of what is not as a warehouse has it, and what becomes of models that are gone.

use tempfile::TempDir;

use super::{build, project, read, selection, write};
use crate::models::Project;
use crate::tests::cells;
use crate::{EngineError, tests};

const CONFIG: &str = "[targets.prod]\nwarehouse = 'prod/'\n\
                      [vars]\nleast = {type = 'bigint', default = 2}\n\
                      newest = {type = 'bigint', query = 'SELECT max(n) FROM evens'}\n";
const NUMBERS: &str = "-- Numbers.\nSELECT 1 AS n, $newest - $newest AS none FROM evens";
const EVENS: &str =
    "-- materialized: table\nSELECT column1 AS n FROM (VALUES (2), (4)) WHERE column1 >= $least";

fn numbers() -> TempDir {
    project(
        CONFIG,
        &[
            ("sql/own/evens.sql", EVENS),
            ("sql/own/numbers.sql", NUMBERS),
            ("sql/own/words.csv", "word\na\nb\n"),
            ("sql/own/words.yml", "columns: [{name: word, type: text}]"),
        ],
    )
}

async fn chosen(folder: &TempDir, terms: &[&str], target: Option<&str>) -> String {
    let project = compared(folder, &[], terms, target).await.unwrap();
    names(&project, terms)
}

async fn compared(
    folder: &TempDir,
    vars: &[(&str, &str)],
    terms: &[&str],
    target: Option<&str>,
) -> Result<Project, EngineError> {
    let mut project = read(folder, vars).await?;
    assert!(project.compares(&selection(terms)));
    project.compare(target).await?;
    Ok(project)
}

fn names(project: &Project, terms: &[&str]) -> String {
    let models = project.select(&selection(terms)).unwrap();
    let names: Vec<_> = models.iter().map(|model| model.name.as_str()).collect();
    names.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_or_modified_is_meant() {
    let folder = numbers();
    let (new, modified) = (["path:own,state:new"], ["path:own,state:modified"]);
    assert_eq!(chosen(&folder, &new, None).await, "evens numbers words");
    assert_eq!(
        chosen(&folder, &modified, None).await,
        "evens numbers words"
    );
    build(&folder, &["path:own"], &[]).await.unwrap();
    assert_eq!(chosen(&folder, &modified, None).await, "");
    // Another warehouse has nothing of it.
    let prod = Some("prod");
    assert_eq!(
        chosen(&folder, &modified, prod).await,
        "evens numbers words"
    );
    // Words about a model, and the values that queries find, are not its definition.
    let same = NUMBERS.replace("Numbers.", "Numbers, well described.\n--\n-- tags: [x]");
    write(&folder, &[("sql/own/numbers.sql", &same)]);
    assert_eq!(chosen(&folder, &modified, None).await, "");
    write(&folder, &[("sql/own/words.csv", "word\na\nc\n")]);
    let as_view = EVENS.replace("materialized: table", "materialized: view");
    write(&folder, &[("sql/own/evens.sql", &as_view)]);
    assert_eq!(chosen(&folder, &modified, None).await, "evens words");
    let behind = ["path:own,state:modified+"];
    assert_eq!(chosen(&folder, &behind, None).await, "evens numbers words");
    assert_eq!(chosen(&folder, &new, None).await, "");
    build(&folder, &["path:own"], &[]).await.unwrap();
    // So are the values that are known.
    let other = compared(&folder, &[("least", "4")], &modified, None).await;
    assert_eq!(names(&other.unwrap(), &modified), "evens");
    let nowhere = compared(&folder, &[], &modified, Some("prd")).await;
    let message = nowhere.unwrap_err().to_string();
    assert!(message.contains("got \"prd\""), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn models_that_are_gone_leave_the_warehouse_when_asked_to() {
    let folder = numbers();
    build(&folder, &["path:own"], &[]).await.unwrap();
    let drop = async || {
        read(&folder, &[])
            .await
            .unwrap()
            .drop_unused()
            .await
            .unwrap()
    };
    assert!(drop().await.is_empty());
    for file in ["numbers.sql", "words.csv", "words.yml"] {
        std::fs::remove_file(folder.path().join("sql/own").join(file)).unwrap();
    }
    let engine = super::open(&folder).await.unwrap();
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT word FROM words").await, "a\nb");
    let unused = read(&folder, &[]).await.unwrap().unused().await.unwrap();
    assert_eq!(
        format!("{unused:?}"),
        r#"{"numbers": "view", "words": "seed"}"#
    );
    assert_eq!(drop().await, ["numbers", "words"]);
    assert!(!folder.path().join("warehouse/words").exists());
    assert!(folder.path().join("warehouse/evens").exists());
    // An engine that was open sees it too.
    let message = tests::failure(session, "SELECT word FROM words")
        .await
        .to_string();
    assert!(message.contains("words"), "{message}");
    assert_eq!(cells(session, "SELECT sum(n) FROM evens").await, "6");
    assert!(drop().await.is_empty());
}
