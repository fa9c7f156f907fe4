//! The proxy that the environment names: which one a request goes through, so that an error can name it.
//! Never holds its credentials. The HTTP library reads the same variables by itself; this follows its rules.

use hyper_util::client::proxy::matcher::Matcher;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A variable that names a proxy for requests over https.
#[derive(Clone)]
pub struct ProxyVariable {
    name: &'static str,
    matcher: Arc<Matcher>,
}

/// A proxy that requests go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its host and port; escaped.
    pub address: String,
    /// The variable that names it.
    pub variable: &'static str,
}

/// The spellings of the variables that name a proxy for https, by precedence; of each, the first that is set counts.
const VARIABLES: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];

impl ProxyVariable {
    /// The variable that names the proxy for https, of those that `look_up` finds; `None` if the library uses none.
    pub fn find(look_up: impl Fn(&str) -> Option<String>) -> Option<Self> {
        // Under CGI, a client can set `HTTP_PROXY` by a header, so the library trusts none of these variables.
        if look_up("REQUEST_METHOD").is_some() {
            return None;
        }
        let first_set = |names: [&'static str; 2]| {
            let mut values = names
                .into_iter()
                .filter_map(|name| Some((name, look_up(name)?)));
            values.next()
        };
        let exceptions = first_set(["NO_PROXY", "no_proxy"]);
        let exceptions = exceptions.map_or(String::new(), |(_, value)| value);
        let mut set = VARIABLES.into_iter().filter_map(first_set);
        set.find_map(|(name, value)| Self::new(name, &value, &exceptions))
    }

    /// The variable with this value, if the library can use it; `exceptions` is the value of `NO_PROXY`.
    fn new(name: &'static str, value: &str, exceptions: &str) -> Option<Self> {
        let matcher = Matcher::builder().https(value).no(exceptions).build();
        let is_usable = Matcher::builder().https(value).build();
        is_usable.intercept(&hyper::Uri::from_static("https://api.coralogix.com/"))?;
        Some(Self {
            name,
            matcher: Arc::new(matcher),
        })
    }

    /// The proxy for requests to this URL; `None` if they go there directly.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<Proxy> {
        let intercepted = self.matcher.intercept(&url.as_str().parse().ok()?)?;
        let uri = intercepted.uri();
        let default_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => 1080,
        };
        let port = uri.port_u16().unwrap_or(default_port);
        let address = format!("{}:{port}", uri.host()?);
        Some(Proxy {
            address: crate::untrusted::escape_truncated(&address, 80),
            variable: self.name,
        })
    }
}

impl Proxy {
    /// What to do if it fails.
    pub fn hint(&self) -> String {
        format!(
            "check that the proxy runs, and the value of {}; a host in NO_PROXY is reached without it",
            self.variable
        )
    }
}

/// Without the value, which may hold credentials.
impl fmt::Debug for ProxyVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyVariable({})", self.name)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.address, self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::ProxyVariable;

    /// The address of the proxy for an account in EU1.
    fn address(value: &str, exceptions: &str) -> Option<String> {
        let url = "https://api.eu1.coralogix.com/".parse().expect("a URL");
        let variable = ProxyVariable::new("HTTPS_PROXY", value, exceptions)?;
        variable.proxy_for(&url).map(|proxy| proxy.address)
    }

    #[test]
    fn the_address_has_a_host_and_a_port_and_no_credentials() {
        for (value, expected) in [
            (
                "http://user:canary@proxy.example:3128",
                "proxy.example:3128",
            ),
            ("proxy.example:3128", "proxy.example:3128"),
            ("http://proxy.example/path", "proxy.example:80"),
            ("https://proxy.example", "proxy.example:443"),
            ("socks5://user:canary@[::1]", "[::1]:1080"),
        ] {
            assert_eq!(address(value, "").as_deref(), Some(expected), "{value}");
        }
        for value in ["", "ftp://proxy.example", "not a url"] {
            assert_eq!(address(value, ""), None, "{value}");
        }
    }

    #[test]
    fn exceptions_are_reached_directly() {
        for exceptions in [
            "coralogix.com",
            ".coralogix.com",
            "*",
            "a.example, api.eu1.coralogix.com",
        ] {
            assert_eq!(address("http://p:1", exceptions), None, "{exceptions}");
        }
        assert!(address("http://p:1", "us2.coralogix.com").is_some());
    }
}
