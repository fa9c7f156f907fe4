//! The base of every HTTP client of this program: one that neither follows nor repeats anything by itself.

use url::{Host, Url};

/// A client that follows no redirect, sends nothing a second time by itself, and says nowhere where it came from.
///
/// HTTP/1.1 alone: in the other, the library sends again what a server has refused.
pub(crate) fn base_client() -> reqwest::ClientBuilder {
    // Fails where a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("hookferry/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
}

/// Whether a request to that address stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
