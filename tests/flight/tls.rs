//! Encryption: whom clients believe, whom the server believes, and certificates that are renewed.

use std::path::Path;

use cohortql_server::{Client, ClientError, ClientTls, ConnectOptions, Login, ServeOptions, serve};
use futures::future::join_all;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::Code;

use super::guarded::{Guarded, PASSWORD, ROLES, token, user};
use crate::support::{Authority, Certified, cells};

const TLS: &str = "[server.tls]\ncertificate = 'server.pem'\nkey = 'server.key'\n";

fn put(folder: &Path, name: &str, certified: &Certified) {
    std::fs::write(folder.join(format!("{name}.pem")), &certified.certificate).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), &certified.key).unwrap();
}

/// A server of ada and bob with a certificate of the authority; `more` goes into `[server.tls]`.
pub(crate) async fn server(authority: &Authority, more: &str) -> Guarded {
    let users = format!(
        "{}{}certificate = 'ada.example'\n",
        user("bob", &["writer"]),
        user("ada", &["reader"])
    );
    let text = format!("{TLS}{more}{ROLES}{users}");
    Guarded::start(&text, |folder: &TempDir| {
        put(folder.path(), "server", &authority.server());
        std::fs::write(folder.path().join("clients.pem"), authority.pem()).unwrap();
    })
    .await
}

fn believing(authority: &Authority) -> ConnectOptions {
    ConnectOptions {
        login: Some(Login::Password {
            user: "ada".to_owned(),
            password: PASSWORD.to_owned(),
        }),
        tls: ClientTls {
            authorities: Some(authority.pem().as_bytes().to_vec()),
            identity: None,
        },
    }
}

fn showing(authority: &Authority, own: &Certified) -> ConnectOptions {
    let mut options = believing(authority);
    options.login = None;
    let own = (
        own.certificate.clone().into_bytes(),
        own.key.clone().into_bytes(),
    );
    options.tls.identity = Some(own);
    options
}

async fn connect(guarded: &Guarded, options: &ConnectOptions) -> Result<Client, ClientError> {
    let uri = format!("grpc+tls://{}", guarded.server.address);
    Client::connect_with(&uri, options).await
}

/// What a client reads, or why it does not.
async fn ask(guarded: &Guarded, options: &ConnectOptions) -> Result<String, String> {
    let client = connect(guarded, options)
        .await
        .map_err(|error| error.to_string())?;
    let rows = client
        .query("SELECT 1")
        .await
        .map_err(|error| error.to_string())?;
    let batches = rows.collect().await.map_err(|error| error.to_string())?;
    Ok(cells(&batches).unwrap().concat().concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_encrypted_for_those_who_believe() {
    let authority = Authority::new();
    let guarded = server(&authority, "").await;
    assert_eq!(ask(&guarded, &believing(&authority)).await.unwrap(), "1");
    let error = ask(&guarded, &believing(&Authority::new()))
        .await
        .unwrap_err();
    assert!(error.contains("certificate"), "{error}");
    // Without --tls-ca those of the system count, which do not know the authority.
    let mut options = believing(&authority);
    options.tls.authorities = None;
    assert!(ask(&guarded, &options).await.is_err());
    let plain = Client::connect_with(&guarded.server.uri(), &options).await;
    assert!(plain.is_err(), "plain text to a port with TLS");
    let misplaced = Client::connect_with(&guarded.server.uri(), &believing(&authority)).await;
    let error = misplaced.unwrap_err().to_string();
    assert!(
        error.ends_with("certificates are for grpc+tls://host:port"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_to_a_plain_port_fails() {
    let guarded = Guarded::with_users().await;
    assert!(ask(&guarded, &believing(&Authority::new())).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_clients_are_logins() {
    let (authority, other) = (Authority::new(), Authority::new());
    let more = "client_ca = 'clients.pem'\n";
    let guarded = server(&authority, more).await;
    let ada = showing(&authority, &authority.client("ada.example"));
    let client = connect(&guarded, &ada).await.unwrap();
    let error = client.update("CREATE TABLE t (a INT)").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::PermissionDenied), "{error}");
    assert!(error.to_string().contains("ada"), "{error}");
    let eve = showing(&authority, &authority.client("eve.example"));
    let error = ask(&guarded, &eve).await.unwrap_err();
    assert_eq!(error, "the client certificate is that of no user");
    let forged = showing(&authority, &other.client("ada.example"));
    assert!(ask(&guarded, &forged).await.is_err());
    // Nobody has to show one, but to log in.
    assert_eq!(ask(&guarded, &believing(&authority)).await.unwrap(), "1");
    let mut nobody = believing(&authority);
    nobody.login = None;
    let error = ask(&guarded, &nobody).await.unwrap_err();
    assert!(error.starts_with("this server asks for a login"), "{error}");
    // What is said goes before what is shown.
    let mut both = ada;
    both.login = Some(Login::Token(token("bob")));
    let client = connect(&guarded, &both).await.unwrap();
    client.update("CREATE TABLE t (a INT)").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_clients_can_be_required() {
    let authority = Authority::new();
    let more = "client_ca = 'clients.pem'\nclient_certificates = 'required'\n";
    let guarded = server(&authority, more).await;
    assert!(ask(&guarded, &believing(&authority)).await.is_err());
    let ada = showing(&authority, &authority.client("ada.example"));
    assert_eq!(ask(&guarded, &ada).await.unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_taken_under_load() {
    let (before, after) = (Authority::new(), Authority::new());
    let guarded = server(&before, "").await;
    let client = connect(&guarded, &believing(&before)).await.unwrap();
    let sql = "SELECT count(*) FROM generate_series(1, 20000) a, generate_series(1, 500) b";
    let long = client.query(sql).await.unwrap();
    let running = (0..4).map(|_| async {
        for _ in 0..20 {
            let rows = client.query("SELECT 1").await.unwrap();
            assert_eq!(rows.collect().await.unwrap()[0].num_rows(), 1);
        }
    });
    let renewal = async {
        // Half of it: the key does not fit the certificate, and the old pair stays.
        let new = after.server();
        std::fs::write(guarded.path("server.pem"), &new.certificate).unwrap();
        let error = guarded.reload.now().await.unwrap_err().to_string();
        assert!(error.contains("server.tls.certificate"), "{error}");
        assert_eq!(ask(&guarded, &believing(&before)).await.unwrap(), "1");
        put(guarded.path("").as_path(), "server", &new);
        guarded.reload.now().await.unwrap();
    };
    futures::join!(join_all(running), renewal);
    // Connections go on; new ones see the new certificate.
    assert_eq!(
        cells(&long.collect().await.unwrap()).unwrap(),
        [["10000000"]]
    );
    assert!(client.version().await.is_ok());
    assert_eq!(ask(&guarded, &believing(&after)).await.unwrap(), "1");
    assert!(ask(&guarded, &believing(&before)).await.is_err());
    std::fs::write(guarded.path("server.pem"), "nonsense").unwrap();
    assert!(guarded.reload.now().await.is_err());
    assert_eq!(ask(&guarded, &believing(&after)).await.unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_never_finish_their_handshake_hold_nobody_up() {
    let authority = Authority::new();
    let guarded = server(&authority, "").await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        let address = &guarded.server.address;
        silent.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(ask(&guarded, &believing(&authority)).await.unwrap(), "1");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_files_or_users_does_not_start() {
    let engine = cohortql_engine::Engine::builder().build().await.unwrap();
    let refusal = async |address: &str, options: ServeOptions| {
        let listener = TcpListener::bind(address).await.unwrap();
        let served = serve(engine.clone(), listener, options, std::future::pending());
        served.await.unwrap_err().to_string()
    };
    let folder = tempfile::tempdir().unwrap();
    let options = cohortql_server::ServerConfig::parse(TLS, folder.path())
        .unwrap()
        .options();
    let error = refusal("127.0.0.1:0", options).await;
    assert!(
        error.starts_with("server.tls.certificate:") && error.contains("server.pem"),
        "{error}"
    );
    let error = refusal("0.0.0.0:0", ServeOptions::default()).await;
    assert!(error.contains("without users"), "{error}");
    let users = cohortql_server::ServerConfig::parse(&user("ada", &[]), folder.path());
    let error = refusal("0.0.0.0:0", users.unwrap().options()).await;
    assert!(error.contains("without encryption"), "{error}");
}
