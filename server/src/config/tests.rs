//! What is read, and what is refused with its place.

use super::*;

const HASH: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
                    $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn parse(text: &str) -> Result<ServerConfig, ServerError> {
    ServerConfig::parse(text, Path::new("/etc/shop"))
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_whole_file() {
    let text = format!(
        r#"
            [engine]
            memory_limit = "2GB"

            [server]
            listen = "0.0.0.0:50051"
            session_lifetime = "12h"

            [server.tls]
            certificate = "tls/server.pem"
            key = "/run/secrets/server.key"
            client_ca = "tls/clients.pem"

            [server.jwt]
            algorithms = ["RS256", "HS256"]
            jwks_file = "keys.json"
            secret_env = "SHOP_SECRET"
            issuer = "https://login.example"
            audience = "cohortql"
            roles_claim = "roles"

            [server.audit]
            file = "audit.json"
            keep = 3

            [server.traces]
            endpoint = "http://127.0.0.1:4317"
            sample = 0.25

            [server.limits]
            request_size = "16MB"
            open_results = 10
            drain_timeout = "3s"

            [users.ada]
            password = "{HASH}"
            roles = ["analyst"]
            tokens = [
                {{ name = "etl", sha256 = "{SHA256}", expires = 2030-01-31 }},
                {{ name = "bi", sha256 = "{}", expires = 2030-01-31T18:00:00+01:00 }},
            ]

            [users."bob@example.com"]
            certificate = "bob.example"
        "#,
        SHA256.replace('9', "8"),
    );
    let config = parse(&text).unwrap();
    assert_eq!(config.listen.as_deref(), Some("0.0.0.0:50051"));
    let tls = config.tls.clone().unwrap();
    assert_eq!(tls.certificate, Path::new("/etc/shop/tls/server.pem"));
    assert_eq!(tls.key, Path::new("/run/secrets/server.key"));
    let authorities = PathBuf::from("/etc/shop/tls/clients.pem");
    assert_eq!(
        tls.client_certificates,
        ClientCertificates::Optional(authorities)
    );
    let jwt = config.access.jwt.as_ref().unwrap();
    assert_eq!(jwt.algorithms, [JwtAlgorithm::Rs256, JwtAlgorithm::Hs256]);
    assert_eq!(
        jwt.secret,
        Some(JwtSecret::Environment("SHOP_SECRET".to_owned()))
    );
    assert_eq!(
        (jwt.user_claim.as_str(), jwt.leeway),
        ("sub", Duration::from_secs(30))
    );
    let audit = config.audit.as_ref().unwrap();
    assert_eq!(audit.file, Path::new("/etc/shop/audit.json"));
    assert_eq!((audit.largest, audit.kept), (100 << 20, 3));
    let traces = config.traces.as_ref().unwrap();
    assert_eq!(traces.endpoint, "http://127.0.0.1:4317");
    assert!((traces.sample - 0.25).abs() < 1e-9);
    let ada = &config.access.users["ada"];
    assert_eq!(ada.password.as_ref().unwrap().as_str(), HASH);
    assert_eq!(ada.tokens[0].sha256[..2], [0x9f, 0x86]);
    let seconds = |at: usize| {
        let expires = ada.tokens[at].expires.unwrap();
        expires
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    assert_eq!(seconds(0), 1_896_048_000);
    assert_eq!(seconds(1), 1_896_048_000 + 17 * 3_600);
    assert_eq!(
        config.access.users["bob@example.com"].roles,
        Vec::<String>::new()
    );
    let options = config.options();
    assert_eq!(options.max_request_bytes, 16 << 20);
    assert_eq!(options.session_lifetime, Duration::from_secs(12 * 3_600));
    assert_eq!(options.drain_timeout, Duration::from_secs(3));
    assert_eq!(
        options.max_prepared_statements,
        ServeOptions::default().max_prepared_statements
    );
    assert_eq!(
        files(&config.access, config.tls.as_ref()),
        [
            "keys.json",
            "tls/server.pem",
            "/run/secrets/server.key",
            "tls/clients.pem"
        ]
        .map(|file| Path::new("/etc/shop").join(file))
    );
}

#[test]
fn without_sections_there_are_no_users() {
    let config = parse("[engine]\nthreads = 'whatever the engine says of it'").unwrap();
    assert!(!config.access.is_restricted());
    assert!(config.tls.is_none() && !config.allow_plaintext);
}

#[test]
fn errors_name_line_key_and_what_came() {
    for (text, expected) in [
        (
            "[server]\nlisen = 'x'",
            "line 2: unknown field `lisen`, expected one of",
        ),
        (
            "[server]\n\nsession_lifetime = 'long'",
            "line 3: server.session_lifetime: expected a duration",
        ),
        (
            "[server.traces]\nendpoint = 'localhost'",
            "line 2: server.traces.endpoint: expected http://HOST:PORT or https://HOST:PORT, \
             got \"localhost\"",
        ),
        (
            "[server.traces]\nendpoint = 'http://a:1'\nsample = 2",
            "line 3: server.traces.sample: expected 0.0 to 1.0, got 2",
        ),
        ("[server.traces]\nsample = 1.0", "missing field `endpoint`"),
        (
            "[server.limits]\nrequest_size = 'big'",
            "line 2: server.limits.request_size: expected a size",
        ),
        (
            "[server.limits]\nopen_results = 0",
            "line 2: server.limits.open_results: expected at least 1, got 0",
        ),
        ("[server.tls]\ncertificate = 'a'", "missing field `key`"),
        (
            "[server.tls]\ncertificate = 'a'\nkey = 'b'\nclient_certificates = 'maybe'",
            "line 4: server.tls.client_certificates: expected \"off\", \"optional\" or \"required\", got \"maybe\"",
        ),
        (
            "[server.tls]\ncertificate = 'a'\nkey = 'b'\nclient_certificates = 'required'",
            "line 4: server.tls.client_certificates: expected server.tls.client_ca beside it, got none",
        ),
        (
            "[server.jwt]\nalgorithms = ['none']",
            "line 2: server.jwt.algorithms: expected \"HS256\", \"RS256\" or \"ES256\", got \"none\"",
        ),
        (
            "[server.jwt]\nalgorithms = []",
            "expected at least one algorithm",
        ),
        (
            "[server.jwt]\nalgorithms = ['HS256']",
            "HS256 needs secret_file or secret_env, got neither",
        ),
        (
            "[server.jwt]\nalgorithms = ['RS256']",
            "RS256 and ES256 need jwks_file, got none",
        ),
        (
            "[server.jwt]\nalgorithms = ['RS256']\njwks_file = 'k'\nsecret_file = 's'",
            "a secret is for HS256, which is not among them",
        ),
        (
            "[server.jwt]\nalgorithms = ['HS256']\njwks_file = 'k'\nsecret_file = 's'",
            "jwks_file is for RS256 and ES256, which are not among them",
        ),
        (
            "[server.jwt]\nalgorithms = ['HS256']\nsecret_env = 'S'\nleeway = '61s'",
            "line 4: server.jwt.leeway: expected at most 60s, got 61s",
        ),
        (
            "[users.ada]\nroles = []",
            "users.ada: expected a password, tokens or a certificate, got none",
        ),
        (
            "[users.anonymous]\ncertificate = 'a'",
            "line 1: users.anonymous: expected another name",
        ),
        (
            "[users.'a:b']\ncertificate = 'a'",
            "line 1: users.a:b: expected a user name without colons",
        ),
        (
            "[users.ada]\ncertificate = 'x'\n[users.bob]\ncertificate = 'x'",
            "users.bob.certificate: \"x\" is that of users.ada already",
        ),
    ] {
        let error = refusal(text);
        assert!(error.contains(expected), "{text}\n{error}");
    }
}

#[test]
fn secrets_are_never_repeated() {
    for text in [
        "[users.ada]\npassword = 'hunter2'",
        "[users.ada]\ntokens = 'hunter2'",
        "[users.ada]\ntokens = [{ name = 'a', sha256 = 'hunter2' }]",
        "[users.ada]\ntokens = ['hunter2']",
        "[users]\nada = 'hunter2'",
        "[users.ada]\nroles = 'hunter2'",
        "[server]\njwt = 'hunter2'",
        "[server]\nlimits = \"a \\\", expected hunter2\"",
    ] {
        let error = refusal(text);
        assert!(
            error.starts_with("line ") && error.contains("expected"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn tokens_are_told_apart() {
    let token =
        |name: &str, expires: &str| format!("{{ name = '{name}', sha256 = '{SHA256}'{expires} }}");
    let error = refusal(&format!(
        "[users.ada]\ntokens = [{}, {}]",
        token("a", ""),
        token("a", "")
    ));
    assert!(error.contains("two tokens are called \"a\""), "{error}");
    let error = refusal(&format!(
        "[users.ada]\ntokens = [{}]\n[users.bob]\ntokens = [{}]",
        token("a", ""),
        token("b", "")
    ));
    assert!(
        error.contains("users.bob.tokens: the token \"b\" is one of users.ada already"),
        "{error}"
    );
    for moment in ["18:00:00", "2030-01-31T18:00:00"] {
        let error = refusal(&format!(
            "[users.ada]\ntokens = [{}]",
            token("a", &format!(", expires = {moment}"))
        ));
        assert!(
            error.contains("line 2: users.ada.tokens.expires: expected a date"),
            "{error}"
        );
    }
}

#[test]
fn roles_must_exist() {
    let config = parse("[users.ada]\ncertificate = 'a'\nroles = ['analyst', 'admin']").unwrap();
    let roles = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    assert!(
        config
            .access
            .check_roles(&roles(&["admin", "analyst"]))
            .is_ok()
    );
    let error = config.access.check_roles(&roles(&["analyst"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "users.ada.roles: expected names of [roles], got \"admin\""
    );
}

#[test]
fn files_that_are_not_there_are_named() {
    let error = ServerConfig::read(Path::new("no/such/cohortql.toml")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("no/such/cohortql.toml cannot be read"),
        "{error}"
    );
}
