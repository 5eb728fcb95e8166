//! One set of keys: what they are, where they are used, and how its provider is reached.

mod asset_host;
mod config;
mod credentials;
mod http;
mod http_clients;
mod ip;
pub(crate) mod realm;
#[cfg(feature = "rustls-no-provider")]
mod tls;

pub use asset_host::{Asset, AssetHost};
pub use config::AccountConfig;
pub(crate) use config::DEFAULT_NAME;
pub use credentials::{Credentials, Keys};
pub use http::HttpConfig;
pub(crate) use http_clients::{Clients, Links, Purpose};
pub(crate) use ip::{is_loopback, is_private};
