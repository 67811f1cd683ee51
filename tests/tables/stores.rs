//! Tables in object stores and behind web servers.

use cohortql_engine::{Config, Engine};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Place, run};
use crate::support::S3Server;

async fn engine(config: &str) -> Engine {
    Engine::builder()
        .config(Config::parse(config).unwrap())
        .build()
        .await
        .unwrap()
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
        place
            .copy(
                query,
                &format!("shop/{format}/y=1/x.{format}"),
                format,
                options,
            )
            .await;
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
        let names = engine
            .register_path(&format!("s3://shop/{format}"), None)
            .await
            .unwrap();
        assert_eq!(names, [format]);
        let sql = format!("SELECT id, who, y FROM {format} ORDER BY id");
        assert_eq!(
            run(&engine, &sql).await.unwrap(),
            "1|a|1\n2|b|1\n3|c|1",
            "{format}"
        );
    }
    let names = engine
        .register_path("s3://shop/csv/*/x.csv", Some("one"))
        .await
        .unwrap();
    assert_eq!(names, ["one"]);
    assert_eq!(run(&engine, "SELECT count(*) FROM one").await.unwrap(), "3");
    place.write("shop/csv/y=2/x.csv", "id,who\n9,z\n");
    assert_eq!(
        run(&engine, "SELECT max(id), max(y) FROM csv")
            .await
            .unwrap(),
        "9|2"
    );
    let message = engine
        .register_path("s3://shop/parqet", None)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("s3://shop/parqet") && message.contains("did you mean \"parquet\"?"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_leaves_a_bucket_as_it_was() {
    let (place, _secrets, server) = shop().await;
    let engine = engine(&server.config("shop")).await;
    let old = std::fs::read(place.path("shop/csv/y=1/x.csv")).unwrap();
    // Few rows go in one request. Many are an upload of parts, of which S3 takes none below 5 MiB.
    for (buffer, rows) in [(10_000_000, 100_000), (5 << 20, 1_000_000)] {
        let select = |divisor: &str| {
            format!(
                "SELECT 1 / {divisor} AS x, repeat('x', 20) AS pad, value % 3 AS day \
                 FROM range(0, {rows})"
            )
        };
        let set = format!("SET datafusion.execution.objectstore_writer_buffer_size = {buffer}");
        run(&engine, &set).await.unwrap();
        for (index, to) in [
            "'s3://shop/csv/y=1/x.csv'",
            "'s3://shop/new/' STORED AS CSV",
            "'s3://shop/new/' STORED AS PARQUET",
            "'s3://shop/new/' STORED AS JSON PARTITIONED BY (day)",
        ]
        .iter()
        .enumerate()
        {
            let late = format!("(value - {})", rows * 9 / 10);
            let copy = format!("COPY ({}) TO {to}", select(&late));
            let message = run(&engine, &copy).await.unwrap_err();
            assert!(message.contains("Divide by zero"), "{to}: {message}");
            let now = std::fs::read(place.path("shop/csv/y=1/x.csv")).unwrap();
            assert!(now == old, "{to} has changed the old object");
            let new = place.path("shop/new");
            assert!(!std::path::Path::new(&new).exists(), "{to} has left a part");
            let copied = copy.replace("shop/new", &format!("shop/whole/{buffer}/{index}"));
            let copied = copied.replace("shop/csv/y=1", &format!("shop/whole/{buffer}/{index}"));
            let copied = copied.replace(&late, "(value + 1)");
            let counted = run(&engine, &copied).await.unwrap();
            assert_eq!(counted, rows.to_string(), "{to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_named_and_not_shown() {
    let (_place, secrets, server) = shop().await;
    std::fs::write(secrets.path().join("secret"), "hunter2-is-wrong").unwrap();
    let engine = engine(&server.config("shop")).await;
    let error = engine
        .register_path("s3://shop/csv/y=1/x.csv", None)
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("s3://shop") && message.contains("credentials"),
        "{message}"
    );
    assert!(
        !format!("{error:?} {message}").contains("hunter2"),
        "{message}"
    );
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
    let message = engine
        .register_path("s3://shop/json", None)
        .await
        .unwrap_err()
        .to_string();
    assert!(message.contains("credentials"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_gives_single_files() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket));
        }
    });
    let engine = engine("").await;
    let url = format!("http://{address}/data/orders.csv");
    assert_eq!(engine.register_path(&url, None).await.unwrap(), ["orders"]);
    assert_eq!(
        run(&engine, "SELECT sum(x) FROM orders").await.unwrap(),
        "3"
    );
    let refused = async |path: &str| {
        let url = format!("http://{address}/{path}");
        engine
            .register_path(&url, None)
            .await
            .unwrap_err()
            .to_string()
    };
    let message = refused("none.csv").await;
    assert!(
        message.contains("none.csv") && message.contains("does not exist"),
        "{message}"
    );
    let message = refused("data/").await;
    assert!(message.contains("name one file"), "{message}");
    server.abort();
}

/// Answers one request with a file or with 404, and closes the connection.
async fn answer(socket: TcpStream) {
    let mut socket = BufReader::new(socket);
    let mut request = String::new();
    socket.read_line(&mut request).await.unwrap();
    let mut header = String::new();
    while socket.read_line(&mut header).await.unwrap() > 2 {
        header.clear();
    }
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let (status, body) = match path {
        "/data/orders.csv" => ("200 OK", "x\n1\n2\n"),
        _ => ("404 Not Found", ""),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nLast-Modified: Tue, 02 Jan 2024 03:04:05 GMT\r\n\
         ETag: \"1\"\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let body = if method == "HEAD" { "" } else { body };
    socket
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    socket.shutdown().await.unwrap();
}
