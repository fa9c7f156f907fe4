//! What the environment says about the network: a proxy, and CA certificates.
//! The HTTP library reads these variables by itself; they are read here so that an error can name them.

use super::environment::path_variable;
use crate::coralogix::client::ProxyVariable;
use crate::store::disk;
use crate::store::input::Limit;
use crate::untrusted;
use std::path::Path;

/// What every certificate in a PEM file starts with.
const PEM_START: &str = "-----BEGIN CERTIFICATE-----";

/// The variable that names the proxy for accounts; `None` if there is none.
pub(super) fn proxy_variable() -> Option<ProxyVariable> {
    ProxyVariable::find(|name| std::env::var(name).ok())
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
