//! An S3-compatible server in this process, over a folder: each folder in it is
//! a bucket. Requests are authenticated, so that credentials are really used.

use std::path::{Path, PathBuf};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const KEY: &str = "key-of-the-tests";
const SECRET: &str = "secret-of-the-tests";

/// A running server; it ends when it is dropped.
pub(crate) struct S3Server {
    endpoint: String,
    secrets: PathBuf,
    task: JoinHandle<()>,
}

impl S3Server {
    /// Serves the buckets in `folder`; keeps the credentials in files in `secrets`.
    pub(crate) async fn start(folder: &Path, secrets: &Path) -> Self {
        std::fs::write(secrets.join("key"), KEY).unwrap();
        std::fs::write(secrets.join("secret"), SECRET).unwrap();
        let service = {
            let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
            builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
            builder.build()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    let connection = server.serve_connection(TokioIo::new(socket), service);
                    // A client that hangs up is no failure of the server.
                    let _ = connection.await;
                });
            }
        });
        Self {
            endpoint,
            secrets: secrets.to_path_buf(),
            task,
        }
    }

    /// The part of `cohortql.toml` with which `bucket` is reached.
    pub(crate) fn config(&self, bucket: &str) -> String {
        let secrets = self.secrets.display();
        format!(
            "[stores.\"s3://{bucket}\"]\n\
             options = {{ endpoint = \"{}\", region = \"us-east-1\", allow_http = \"true\" }}\n\
             files = {{ access_key_id = \"{secrets}/key\", secret_access_key = \"{secrets}/secret\" }}\n",
            self.endpoint
        )
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
