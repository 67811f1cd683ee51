//! Who may come in.
//!
//! Every call passes the [`AuthenticationLayer`] before any service sees it: it reads the
//! credentials, asks the [`Authenticator`] whose they are, and puts the [`Identity`] into the
//! request. Health checks pass without, and Handshake brings its credentials itself; the
//! [`Doors`] keep what strangers send there small.
//!
//! Passwords are argon2id hashes, compared on a bounded number of threads and at a bounded pace;
//! tokens are compared by their hashes; JSON web tokens and client certificates are believed as far
//! as the configuration says. A login is answered with a session token, which the server has sealed
//! and which ends when what made it good does: when the user, the password, the token or the roles
//! are not what they were.

mod attempts;
mod authenticator;
mod bearer;
mod credentials;
mod directory;
mod doors;
mod identity;
mod jwks;
mod jwt;
mod layer;
mod logins;
mod password;
mod standing;
mod throttle;
mod turns;
mod verified;

pub(crate) use authenticator::{Authenticator, Peer};
pub(crate) use credentials::Credentials;
pub(crate) use directory::Directory;
pub(crate) use doors::{Doors, STRANGER_BYTES};
pub(crate) use identity::Identity;
pub use identity::{ANONYMOUS, is_user_name};
pub(crate) use layer::AuthenticationLayer;
pub(crate) use logins::{Login, LoginOutcome};
pub use password::{PasswordHash, hash_password};
pub(crate) use standing::{Grounds, sha256};
pub(crate) use throttle::Origin;
pub(crate) use turns::Turns;
