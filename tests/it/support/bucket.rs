//! Object stores on this machine: third-party servers, where they are installed, and a stub that fails on demand.
//! Plain `cargo test` skips tests whose server is missing and reports it; CI fails instead.

pub(crate) mod stub;

use super::program::Program;
use super::stand_in::StandIn;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Access key ID and secret access key that the stub and the strict servers accept.
pub(crate) const KEY: (&str, &str) = ("AKIACANARYCANARY0001", "secret-canary-of-the-store");
/// Name of the bucket that exists on every server.
pub(crate) const BUCKET: &str = "backups";

/// A third-party S3 server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// The crate s3s-fs: stores objects as files, honors conditional writes, checks signatures.
    S3sFs,
    /// The Python package moto: stores objects in memory, honors conditional writes.
    Moto,
    /// The npm package s3rver: ignores conditional writes.
    S3rver,
}

/// A running server with one empty bucket.
pub(crate) struct Store {
    server: Server,
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Server {
    /// The executable to start, unless an environment variable names another one.
    fn program(self) -> String {
        let (variable, default) = match self {
            Self::S3sFs => ("HOOKFERRY_S3S_FS", "s3s-fs"),
            Self::Moto => ("HOOKFERRY_MOTO_SERVER", "moto_server"),
            Self::S3rver => ("HOOKFERRY_S3RVER", "s3rver"),
        };
        std::env::var(variable).unwrap_or_else(|_| default.to_owned())
    }

    /// Starts the server.
    pub(crate) fn start(self) -> Store {
        let program = self.program();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut command = Command::new(program);
        match self {
            Self::S3sFs => command
                .args(["--host", "127.0.0.1", "--port", "0"])
                .args(["--access-key", KEY.0, "--secret-key", KEY.1])
                .arg(folder.path())
                .envs([("RUST_LOG", "s3s_fs=info"), ("NO_COLOR", "1")]),
            Self::Moto => command.args(["-H", "127.0.0.1", "-p", "0"]),
            Self::S3rver => command
                .args(["-a", "127.0.0.1", "-p", "0", "--no-vhost-buckets", "-d"])
                .arg(folder.path())
                .args(["--configure-bucket", BUCKET])
                // Its continuation tokens use a cipher that newer versions of Node treat as legacy.
                .env("NODE_OPTIONS", "--openssl-legacy-provider"),
        };
        // Some servers announce their address on stdout, others on stderr.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$@" 2>&1"#, "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let url = read_address(&mut output);
        // Drain the output, so that a full pipe never blocks the server.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let store = Store {
            server: self,
            child,
            url,
            folder,
        };
        if self == Self::Moto {
            store.create_bucket();
        }
        store
    }
}

/// Reads the server's output until it names its address.
fn read_address(output: &mut impl std::io::BufRead) -> String {
    let mut seen = String::new();
    while output.read_line(&mut seen).unwrap() > 0 {
        if let Some(start) = seen.find("127.0.0.1:") {
            let digits = seen[start + 10..].chars().take_while(char::is_ascii_digit);
            return format!("http://127.0.0.1:{}", digits.collect::<String>());
        }
    }
    panic!("the server printed no address: {seen}");
}

impl Store {
    /// The program with two accounts and the credentials of this store in its environment.
    pub(crate) fn program<'s>(&self, accounts: &'s StandIn, command_line: &str) -> Program<'s> {
        let key = match self.server {
            // The only key that s3rver knows.
            Server::S3rver => ("S3RVER", "S3RVER"),
            _ => KEY,
        };
        with_store(accounts.program(command_line), &self.url, key)
    }

    /// Kills the server.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The folder in which s3s-fs stores the objects whose keys start with `prefix`.
    pub(crate) fn folder(&self, prefix: &str) -> PathBuf {
        assert!(self.server == Server::S3sFs);
        self.folder.path().join(BUCKET).join(prefix)
    }

    /// Creates the bucket by an unsigned request, which servers that check no signature accept.
    fn create_bucket(&self) {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!(
            "PUT /{BUCKET} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The test may already have killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sets the store's address and credentials in the program's environment.
pub(crate) fn with_store<'s>(program: Program<'s>, url: &str, key: (&str, &str)) -> Program<'s> {
    program
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", key.0)
        .env("AWS_SECRET_ACCESS_KEY", key.1)
}

/// The sorted names of the files in an existing folder.
pub(crate) fn file_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
