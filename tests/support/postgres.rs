//! A server of PostgreSQL's own, started for one test on this machine.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Certified, pass_over, run};

/// Who the server belongs to where the tests are root's, whom it refuses to serve.
const NOBODY: u32 = 65534;

/// How often another port is tried when somebody else was faster.
const TRIES: usize = 5;

/// A running server; it ends when it is dropped.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Postgres {
    /// The password of user `shop`.
    pub(crate) const PASSWORD: &'static str = "word-of-the-tests";

    /// A server that encrypts what it is asked to; a note that `test` is passed over where there is none.
    pub(crate) fn start(test: &str, certified: &Certified) -> Option<Self> {
        let Some(programs) = programs() else {
            pass_over(test, "PostgreSQL is not installed");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            owned(&path);
            path.display().to_string()
        };
        let password = write("password", Self::PASSWORD);
        let certificate = write("server.pem", &certified.certificate);
        let key = write("server.key", &certified.key);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        owned(folder.path());
        let data = folder.path().join("data").display().to_string();
        run(program(
            &programs,
            folder.path(),
            "initdb",
            &[
                "--pgdata",
                &data,
                "--username",
                "shop",
                "--auth",
                "scram-sha-256",
                "--pwfile",
                &password,
                "--encoding",
                "UTF8",
                "--locale",
                "C",
                "--no-sync",
            ],
        ));
        let log = folder.path().join("log").display().to_string();
        for attempt in 1.. {
            // It takes no port 0, so that a port which is free now must do.
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let options = format!(
                "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
                 -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"
            );
            let arguments = ["-D", &data, "-l", &log, "-o", &options, "-w", "start"];
            let mut starting = program(&programs, folder.path(), "pg_ctl", &arguments);
            let started = starting.output().unwrap().status.success();
            if started {
                return Some(Self {
                    programs,
                    folder,
                    port,
                });
            }
            assert!(attempt < TRIES, "{}", fs::read_to_string(&log).unwrap());
        }
        None
    }

    /// The address of the server's database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://shop@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs a script in the database.
    pub(crate) fn sql(&self, script: &str) {
        let port = self.port.to_string();
        let arguments = [
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "shop",
            "-d",
            "postgres",
            "-c",
            script,
        ];
        let mut psql = program(&self.programs, self.folder.path(), "psql", &arguments);
        psql.env("PGPASSWORD", Self::PASSWORD);
        run(psql);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data").display().to_string();
        let arguments = ["-D", &data, "-m", "immediate", "-w", "stop"];
        // A server that is gone already needs no end.
        let _ = program(&self.programs, self.folder.path(), "pg_ctl", &arguments).output();
    }
}

/// The folder of the programs, of the newest version that Debian has, else of the search path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let searched: Vec<_> = std::env::split_paths(&path).collect();
    let is_whole = |folder: &PathBuf| {
        let mut names = ["initdb", "pg_ctl", "psql"].into_iter();
        names.all(|name| folder.join(name).is_file())
    };
    folders.into_iter().rev().chain(searched).find(is_whole)
}

/// A program of the server's, run by somebody whom it serves.
fn program(programs: &Path, folder: &Path, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(programs.join(name));
    command.args(arguments).current_dir(folder);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn owned(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

/// Whether what this process makes is root's.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    let probe = tempfile::NamedTempFile::new().unwrap();
    fs::metadata(probe.path()).unwrap().uid() == 0
}
