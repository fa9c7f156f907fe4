//! What the environment says about the network: a proxy, and CA certificates.
//! The HTTP library reads these variables by itself; they are read here so that an error can name them.

use super::environment::path_variable;
use crate::coralogix::client::ProxyVariable;
use crate::store::disk;
use crate::store::input::Limit;
use crate::untrusted;
use std::path::Path;

/// The spellings of the variables that name a proxy for https, by precedence; of each, the first that is set counts.
const PROXY_VARIABLES: [[&str; 2]; 2] =
    [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
/// What every certificate in a PEM file starts with.
const PEM_START: &str = "-----BEGIN CERTIFICATE-----";

/// The variable that names the proxy for accounts; `None` if there is none, or the library uses none.
pub(super) fn proxy_variable() -> Option<ProxyVariable> {
    // Under CGI, a client can set `HTTP_PROXY` by a header, so the library trusts none of these variables.
    if std::env::var_os("REQUEST_METHOD").is_some() {
        return None;
    }
    let first_set = |names: [&'static str; 2]| {
        let mut values = names
            .into_iter()
            .filter_map(|name| Some((name, std::env::var(name).ok()?)));
        values.next()
    };
    let exceptions = first_set(["NO_PROXY", "no_proxy"]).map_or(String::new(), |(_, value)| value);
    let mut set = PROXY_VARIABLES.into_iter().filter_map(first_set);
    set.find_map(|(name, value)| ProxyVariable::new(name, &value, &exceptions))
}

/// What is wrong with the variables that replace the system's CA certificates; `None` if neither is set, or no fault
/// is plain.
pub(super) fn ca_problem() -> Option<String> {
    let file = path_variable("SSL_CERT_FILE").map(|path| file_problem(&path));
    let folder = path_variable("SSL_CERT_DIR").map(|path| folder_problem(&path));
    let problems: Vec<String> = [file, folder].into_iter().flatten().flatten().collect();
    (!problems.is_empty()).then(|| problems.join(", and "))
}

fn file_problem(path: &Path) -> Option<String> {
    match disk::read_bytes(path, "the file that SSL_CERT_FILE names", Limit::Medium) {
        Err(error) => Some(error.to_string()),
        Ok(bytes) if String::from_utf8_lossy(&bytes).contains(PEM_START) => None,
        Ok(_) => Some(format!(
            "`{}`, which SSL_CERT_FILE names, contains no PEM certificate",
            shown(path)
        )),
    }
}

fn folder_problem(path: &Path) -> Option<String> {
    (!path.is_dir()).then(|| {
        format!(
            "`{}`, which SSL_CERT_DIR names, is not a folder",
            shown(path)
        )
    })
}

fn shown(path: &Path) -> String {
    untrusted::escape_truncated(&path.display().to_string(), 120)
}
