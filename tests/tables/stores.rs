//! Tables in object stores and behind web servers.

use std::convert::Infallible;

use cohortql_engine::{Config, Engine};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{Place, run};
use crate::support::S3Server;

async fn engine(config: &str) -> Engine {
    Engine::builder().config(Config::parse(config).unwrap()).build().await.unwrap()
}

/// A bucket `shop` on a server, with one table in each format of plain files.
async fn shop() -> (Place, TempDir, S3Server) {
    let place = Place::new().await;
    let query = "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) AS t(id, who)";
    for (format, options) in [
        ("csv", "OPTIONS ('format.has_header' 'true')"),
        ("parquet", ""),
        ("json", ""),
        ("arrow", ""),
    ] {
        place.copy(query, &format!("shop/{format}/y=1/x.{format}"), format, options).await;
    }
    let secrets = TempDir::new().unwrap();
    let server = S3Server::start(place.dir.path(), secrets.path()).await;
    (place, secrets, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_reads_the_same_from_s3() {
    let (place, _secrets, server) = shop().await;
    let engine = engine(&server.config("shop")).await;
    for format in ["csv", "parquet", "json", "arrow"] {
        let names = engine.register_path(&format!("s3://shop/{format}"), None).await.unwrap();
        assert_eq!(names, [format]);
        let sql = format!("SELECT id, who, y FROM {format} ORDER BY id");
        assert_eq!(run(&engine, &sql).await.unwrap(), "1|a|1\n2|b|1\n3|c|1", "{format}");
    }
    let names = engine.register_path("s3://shop/csv/*/x.csv", Some("one")).await.unwrap();
    assert_eq!(names, ["one"]);
    assert_eq!(run(&engine, "SELECT count(*) FROM one").await.unwrap(), "3");
    place.write("shop/csv/y=2/x.csv", "id,who\n9,z\n");
    assert_eq!(run(&engine, "SELECT max(id), max(y) FROM csv").await.unwrap(), "9|2");
    let message = engine.register_path("s3://shop/cvs", None).await.unwrap_err().to_string();
    assert!(message.contains("s3://shop/cvs") && message.contains("did you mean \"csv\"?"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_named_and_not_shown() {
    let (_place, secrets, server) = shop().await;
    std::fs::write(secrets.path().join("secret"), "hunter2-is-wrong").unwrap();
    let engine = engine(&server.config("shop")).await;
    let error = engine.register_path("s3://shop/csv/y=1/x.csv", None).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("s3://shop") && message.contains("credentials"), "{message}");
    assert!(!format!("{error:?} {message}").contains("hunter2"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_prefix_has_its_own_credentials() {
    let (_place, secrets, server) = shop().await;
    let wrong = secrets.path().join("wrong");
    std::fs::write(&wrong, "wrong-secret").unwrap();
    let good = server.config("shop");
    let bad = good.replace("s3://shop", "s3://shop/json").replace(
        &format!("{}/secret", secrets.path().display()),
        &wrong.display().to_string(),
    );
    let engine = engine(&format!("{good}{bad}")).await;
    engine.register_path("s3://shop/csv", None).await.unwrap();
    let message = engine.register_path("s3://shop/json", None).await.unwrap_err().to_string();
    assert!(message.contains("credentials"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_gives_single_files() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let service = hyper::service::service_fn(answer);
                let server = Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    let engine = engine("").await;
    let url = format!("http://{address}/data/orders.csv");
    assert_eq!(engine.register_path(&url, None).await.unwrap(), ["orders"]);
    assert_eq!(run(&engine, "SELECT sum(x) FROM orders").await.unwrap(), "3");
    let message =
        engine.register_path(&format!("http://{address}/none.csv"), None).await.unwrap_err().to_string();
    assert!(message.contains("none.csv") && message.contains("does not exist"), "{message}");
    let message =
        engine.register_path(&format!("http://{address}/data/"), None).await.unwrap_err().to_string();
    assert!(message.contains("name one file"), "{message}");
    server.abort();
}

async fn answer(
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<hyper::Response<http_body_util::Full<bytes::Bytes>>, Infallible> {
    let (status, body) = match request.uri().path() {
        "/data/orders.csv" => (200, "x\n1\n2\n"),
        _ => (404, ""),
    };
    let head = request.method() == hyper::Method::HEAD;
    let response = hyper::Response::builder()
        .status(status)
        .header("content-length", body.len())
        .header("last-modified", "Tue, 02 Jan 2024 03:04:05 GMT")
        .body(http_body_util::Full::new(if head { "" } else { body }.into()));
    Ok(response.unwrap())
}
