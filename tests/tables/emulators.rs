//! Google Cloud Storage and Azure Blob Storage, against their emulators:
//! `fake-gcs-server` and `azurite-blob`, found on the PATH or named by
//! `COHORTQL_FAKE_GCS` and `COHORTQL_AZURITE`.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cohortql_engine::{Config, Engine};
use object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::run;
use crate::support::pass_over;

/// The account and key that every Azurite has.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A running emulator; it ends when it is dropped.
struct Emulator(Child);

impl Emulator {
    /// Starts a program and waits until it says that it listens.
    async fn start(command: &mut Command, ready: &'static str) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (told, listens) = tokio::sync::oneshot::channel();
        let told = std::sync::Arc::new(std::sync::Mutex::new(Some(told)));
        for stream in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let told = std::sync::Arc::clone(&told);
            // Reads to the end, so that the emulator never waits for a reader.
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if line.contains(ready)
                        && let Some(told) = told.lock().unwrap().take()
                    {
                        let _ = told.send(());
                    }
                }
            });
        }
        drop(told);
        listens
            .await
            .expect("the emulator ended before it listened");
        Self(child)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program that a variable names, or one on the PATH.
fn program(test: &str, variable: &str, name: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        std::env::split_paths(&paths)
            .map(|dir| dir.join(name))
            .find(|path| path.is_file())
    });
    if found.is_none() {
        pass_over(
            test,
            &format!("{variable} is not set and {name} is not on the PATH"),
        );
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The formats that are tried, and how they are written.
const FORMATS: [(&str, &str); 3] = [
    ("csv", "OPTIONS ('format.has_header' 'true')"),
    ("parquet", ""),
    ("json", ""),
];

/// Writes one table in each format below a folder or bucket.
async fn write(engine: &Engine, place: &str) {
    let query = "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, who)";
    for (format, options) in FORMATS {
        let target = format!("{place}/{format}/y=1/x.{format}");
        let copy = format!("COPY ({query}) TO '{target}' STORED AS {format} {options}");
        run(engine, &copy).await.unwrap();
    }
}

/// Reads the tables back, as folders and as files.
async fn read(engine: &Engine, bucket: &str) {
    for (format, _) in FORMATS {
        let folder = format!("{bucket}/{format}");
        assert_eq!(engine.register_path(&folder, None).await.unwrap(), [format]);
        let rows = run(
            engine,
            &format!("SELECT id, who, y FROM {format} ORDER BY id"),
        )
        .await;
        assert_eq!(rows.unwrap(), "1|a|1\n2|b|1", "{format}");
        let one = format!("one_{format}");
        let file = format!("{folder}/y=1/x.{format}");
        assert_eq!(
            engine.register_path(&file, Some(&one)).await.unwrap(),
            [one.as_str()]
        );
        let rows = run(engine, &format!("SELECT count(*) FROM {one}")).await;
        assert_eq!(rows.unwrap(), "2", "{format}");
    }
    let missing = format!("{bucket}/nothing.csv");
    let error = engine.register_path(&missing, None).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

/// Has COPY fail, which leaves an old object as it was and no new one. The tables have been read.
async fn fail(engine: &Engine, bucket: &str) {
    let query = "SELECT 1 / (value - 90000) AS x FROM range(0, 100000)";
    for target in ["csv/y=1/x.csv", "new/"] {
        let copy = format!("COPY ({query}) TO '{bucket}/{target}' STORED AS CSV");
        let message = run(engine, &copy).await.unwrap_err();
        assert!(message.contains("Divide by zero"), "{message}");
    }
    let rows = run(engine, "SELECT count(*) FROM one_csv").await;
    assert_eq!(rows.unwrap(), "2");
    let new = format!("{bucket}/new/");
    let error = engine.register_path(&new, None).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

async fn engine(config: &str) -> Engine {
    let config = Config::parse(config).unwrap();
    Engine::builder().config(config).build().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn google_cloud_storage() {
    let Some(program) = program(
        "google_cloud_storage",
        "COHORTQL_FAKE_GCS",
        "fake-gcs-server",
    ) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    // The emulator takes no uploads as the client sends them, but loads a folder.
    write(
        &engine("").await,
        &folder.path().join("shop").display().to_string(),
    )
    .await;
    let port = free_port().to_string();
    let mut command = Command::new(program);
    command
        .args([
            "-scheme",
            "http",
            "-host",
            "127.0.0.1",
            "-port",
            &port,
            "-backend",
            "memory",
        ])
        .args(["-public-host", &format!("127.0.0.1:{port}"), "-data"])
        .arg(folder.path());
    let _emulator = Emulator::start(&mut command, "server started").await;
    let config = format!(
        "[stores.\"gs://shop\"]\noptions = {{ base_url = \"http://127.0.0.1:{port}\", skip_signature = \"true\" }}\n"
    );
    read(&engine(&config).await, "gs://shop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_blob_storage() {
    let Some(program) = program("azure_blob_storage", "COHORTQL_AZURITE", "azurite-blob") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let port = free_port();
    let mut command = Command::new(program);
    command
        .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"])
        .args([
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            &port.to_string(),
            "--location",
        ])
        .arg(folder.path());
    let _emulator = Emulator::start(&mut command, "successfully listens").await;
    create_container(port, "shop").await;
    let key = folder.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let section = |name: &str| {
        format!(
            "[stores.\"{name}\"]\noptions = {{ account_name = \"{ACCOUNT}\", allow_http = \"true\", \
             endpoint = \"http://127.0.0.1:{port}/{ACCOUNT}\" }}\nfiles = {{ account_key = \"{}\" }}\n",
            key.display()
        )
    };
    let short = engine(&section("az://shop")).await;
    write(&short, "az://shop").await;
    read(&short, "az://shop").await;
    fail(&short, "az://shop").await;
    let long = format!("abfss://shop@{ACCOUNT}.dfs.core.windows.net");
    read(&engine(&section(&long)).await, &long).await;
}

/// Makes a container, which object stores can't.
async fn create_container(port: u16, name: &str) {
    let address = format!("127.0.0.1:{port}");
    let target = format!("/{ACCOUNT}/{name}?restype=container");
    let mut request = HttpRequest::new(HttpRequestBody::empty());
    *request.method_mut() = "PUT".parse().unwrap();
    *request.uri_mut() = format!("http://{address}{target}").parse().unwrap();
    let credential = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
    AzureAuthorizer::new(&credential, ACCOUNT).authorize(&mut request);
    let mut text = format!(
        "PUT {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 0\r\n"
    );
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    socket
        .write_all(format!("{text}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
