//! A server with users, as a `cohortql.toml` in a folder of its own has them.

use std::path::PathBuf;
use std::sync::OnceLock;

use cohortql_engine::{Config, Engine};
use cohortql_server::{
    Client, ClientError, ConnectOptions, Login, Reload, ServerConfig, hash_password, token_hash,
};
use tempfile::TempDir;

use super::server::TestServer;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse";

/// A server, its configuration, and the folder of that.
pub(crate) struct Guarded {
    pub(crate) server: TestServer,
    pub(crate) reload: Reload,
    folder: TempDir,
}

/// `[users.NAME]` with the password and a token called after the user.
pub(crate) fn user(name: &str, roles: &[&str]) -> String {
    // Hashing takes its time on purpose.
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| hash_password(PASSWORD).unwrap().as_str().to_owned());
    let token = token_hash(&token(name));
    format!(
        "[users.{name}]\npassword = '{hash}'\nroles = {roles:?}\n\
         tokens = [{{ name = 'test', sha256 = '{token}' }}]\n"
    )
}

/// The token that a user comes with.
pub(crate) fn token(name: &str) -> String {
    format!("token-of-{name}")
}

/// Two roles: one that sees `public.seen`, and one that may do everything there.
pub(crate) const ROLES: &str = "\
[roles.reader]
read = ['public.seen']
[roles.writer]
read = ['*']
write = ['*']
privileges = ['ddl', 'set', 'monitor']
";

impl Guarded {
    /// A server of this configuration, whose files are made by `prepare`.
    pub(crate) async fn start(text: &str, prepare: impl FnOnce(&TempDir)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(&folder);
        let path = folder.path().join("cohortql.toml");
        std::fs::write(&path, text).unwrap();
        let engine = Engine::builder()
            .config(Config::read(&path).unwrap())
            .config_file(&path)
            .target_partitions(2)
            .build()
            .await
            .unwrap();
        let options = ServerConfig::read(&path).unwrap().options();
        let reload = options.reload.clone();
        let server = TestServer::over(engine, options).await;
        Self {
            server,
            reload,
            folder,
        }
    }

    /// A server with ada, who reads, and bob, who writes.
    pub(crate) async fn with_users() -> Self {
        let text = format!(
            "{ROLES}{}{}",
            user("ada", &["reader"]),
            user("bob", &["writer"])
        );
        Self::start(&text, |_| {}).await
    }

    /// Makes the tables `seen`, with the row 1, and `hidden`.
    pub(crate) async fn with_seen(&self) {
        for sql in [
            "CREATE TABLE seen AS VALUES (1)",
            "CREATE TABLE hidden AS VALUES (2)",
        ] {
            self.server.engine.sql(sql).await.unwrap();
        }
    }

    /// Writes another configuration, and has it read.
    pub(crate) async fn configure(&self, text: &str) -> Result<(), String> {
        std::fs::write(self.path("cohortql.toml"), text).unwrap();
        self.reload.now().await.map_err(|error| error.to_string())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Our own client, logged in with a password.
    pub(crate) async fn log_in(&self, name: &str) -> Result<Client, ClientError> {
        let login = Login::Password {
            user: name.to_owned(),
            password: PASSWORD.to_owned(),
        };
        self.come_with(login).await
    }

    pub(crate) async fn come_with(&self, login: Login) -> Result<Client, ClientError> {
        let options = ConnectOptions {
            login: Some(login),
            ..ConnectOptions::default()
        };
        Client::connect_with(&self.server.uri(), &options).await
    }
}
