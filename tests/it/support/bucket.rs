//! Object stores on this machine: servers of others, where they are installed, and one of our own that fails as told.
//! Plain `cargo test` does without the former and says so; in CI their absence is a failure.

pub(crate) mod stub;

use super::program::Program;
use super::stand_in::StandIn;
use super::tools;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The key and the secret by which our own and the strict servers are opened.
pub(crate) const KEY: (&str, &str) = ("AKIACANARYCANARY0001", "secret-canary-of-the-store");
/// The bucket that every server has.
pub(crate) const BUCKET: &str = "backups";

/// A program that speaks S3.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// Of the crate s3s-fs: files in a folder, honours conditional writes, checks signatures.
    S3sFs,
    /// Of the Python package moto: in memory, honours conditional writes.
    Moto,
    /// Of the npm package s3rver: ignores conditional writes.
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
    /// The program to start, and the variable that can name another.
    fn program(self) -> String {
        let (variable, usual) = match self {
            Self::S3sFs => ("HOOKFERRY_S3S_FS", "s3s-fs"),
            Self::Moto => ("HOOKFERRY_MOTO_SERVER", "moto_server"),
            Self::S3rver => ("HOOKFERRY_S3RVER", "s3rver"),
        };
        std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
    }

    /// Starts it; `None` where it is not installed, which is said plainly.
    pub(crate) fn start(self, test: &str) -> Option<Store> {
        let program = self.program();
        if !tools::answers(test, &program, "--help") {
            return None;
        }
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
                // It marks its pages by a cipher that newer versions of Node call old.
                .env("NODE_OPTIONS", "--openssl-legacy-provider"),
        };
        // Servers differ in where they say that they are ready.
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
        let url = address_in(&mut output);
        // Whoever is not listened to must not wait for it.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let store = Store {
            server: self,
            child,
            url,
            folder,
        };
        if self == Self::Moto {
            store.make_bucket();
        }
        Some(store)
    }
}

/// The address that a server names in its first lines.
fn address_in(output: &mut impl std::io::BufRead) -> String {
    let mut said = String::new();
    while output.read_line(&mut said).unwrap() > 0 {
        if let Some(at) = said.find("127.0.0.1:") {
            let digits = said[at + 10..].chars().take_while(char::is_ascii_digit);
            return format!("http://127.0.0.1:{}", digits.collect::<String>());
        }
    }
    panic!("the server names no address: {said}");
}

impl Store {
    /// The program beside two accounts, with what opens this store in its environment.
    pub(crate) fn program<'s>(&self, accounts: &'s StandIn, command_line: &str) -> Program<'s> {
        let key = match self.server {
            // It knows no other.
            Server::S3rver => ("S3RVER", "S3RVER"),
            _ => KEY,
        };
        opened(accounts.program(command_line), &self.url, key)
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Where s3s-fs keeps the objects whose keys begin with that.
    pub(crate) fn folder(&self, prefix: &str) -> PathBuf {
        assert!(self.server == Server::S3sFs);
        self.folder.path().join(BUCKET).join(prefix)
    }

    /// A server that asks for no signature is told so.
    fn make_bucket(&self) {
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
        // It may have been killed by the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command line with the variables by which a store is reached and opened.
pub(crate) fn opened<'s>(program: Program<'s>, url: &str, key: (&str, &str)) -> Program<'s> {
    program
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", key.0)
        .env("AWS_SECRET_ACCESS_KEY", key.1)
}

/// The names of the files of a folder that is there, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
