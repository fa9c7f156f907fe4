//! The base of every HTTP client of this program: it follows no redirect and repeats no request by itself.

use url::{Host, Url};

/// Builds a client that follows no redirects, never retries on its own, and sends no `Referer`.
///
/// HTTP/1.1 only: with HTTP/2 the library re-sends requests whose streams the server refused.
pub(crate) fn base_client() -> reqwest::ClientBuilder {
    // Fails if a provider is already installed, which works just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("hookferry/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
}

/// Whether the host is a loopback address, so that a request to it stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
