//! A small object store in this process. It keeps objects in memory, records every request, and fails on demand.
//! It checks no signature; the third-party servers do.

use super::{BUCKET, with_store};
use crate::support::program::Program;
use crate::support::stand_in::StandIn;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use url::Url;

/// A request as the store received it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Request target exactly as sent.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// How the store treats a request.
#[derive(Debug, Clone)]
pub(crate) enum Behavior {
    /// Performs the request and responds.
    Serve,
    /// Performs the request, but replies with this.
    ServeThenReply(Reply),
    /// Performs nothing and replies with this.
    ReplyOnly(Reply),
}

/// What the client receives.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These bytes; then the connection closes.
    Bytes(Vec<u8>),
    /// No response: the connection closes.
    Hangup,
    /// No response: the connection stays open.
    Silence,
}

type DecideBehavior = dyn FnMut(&Request) -> Behavior + Send;

/// A running store.
pub(crate) struct Stub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    objects: BTreeMap<String, Vec<u8>>,
    log: Vec<Request>,
    decide: Box<DecideBehavior>,
    page_size: usize,
    is_stopped: bool,
    silent: Vec<TcpStream>,
}

impl Stub {
    /// A store that serves every request.
    pub(crate) fn start() -> Self {
        Self::with(|_| Behavior::Serve)
    }

    /// A store that asks `decide` how to treat each request.
    pub(crate) fn with(decide: impl FnMut(&Request) -> Behavior + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            objects: BTreeMap::new(),
            log: Vec::new(),
            decide: Box::new(decide),
            page_size: 1000,
            is_stopped: false,
            silent: Vec::new(),
        }));
        let shared_state = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&shared_state).is_stopped {
                    break;
                }
                let shared_state = Arc::clone(&shared_state);
                std::thread::spawn(move || serve(stream.unwrap(), &shared_state));
            }
        });
        Self {
            address,
            state,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Replaces the decision for all later requests.
    pub(crate) fn set_behavior(&self, decide: impl FnMut(&Request) -> Behavior + Send + 'static) {
        lock(&self.state).decide = Box::new(decide);
    }

    /// The program with two accounts and the credentials of this store in its environment.
    pub(crate) fn program<'s>(&self, accounts: &'s StandIn, command_line: &str) -> Program<'s> {
        with_store(accounts.program(command_line), &self.url(), super::KEY)
    }

    /// Stores an object without a request.
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        lock(&self.state)
            .objects
            .insert(key.to_owned(), bytes.to_vec());
    }

    /// The keys of all stored objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        lock(&self.state).objects.keys().cloned().collect()
    }

    /// The recorded requests with this method.
    pub(crate) fn requests(&self, method: &str) -> Vec<Request> {
        let state = lock(&self.state);
        state
            .log
            .iter()
            .filter(|request| request.method == method)
            .cloned()
            .collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        lock(&self.state).is_stopped = true;
        // Wakes the thread, which then sees that it must stop.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Request {
    /// Key of the requested object; `None` for a request to the bucket itself.
    pub(crate) fn key(&self) -> Option<String> {
        let path = self.target.split('?').next().unwrap();
        let path = path.strip_prefix(&format!("/{BUCKET}/"))?;
        assert!(
            !path.contains('+'),
            "some servers decode a plus sign as a space: {path}"
        );
        let decoded = url::form_urlencoded::parse(path.as_bytes()).next()?;
        Some(decoded.0.into_owned())
    }

    fn query(&self) -> BTreeMap<String, String> {
        let url = Url::parse(&format!("http://stub{}", self.target)).unwrap();
        url.query_pairs().into_owned().collect()
    }

    /// Whether this is the PUT of a backup.
    pub(crate) fn is_backup_put(&self) -> bool {
        self.method == "PUT" && self.target.contains(".json.gz")
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let Some(request) = read_request(&stream) else {
        return;
    };
    let mut state = lock(state);
    state.log.push(request.clone());
    let behavior = (state.decide)(&request);
    let reply = match behavior {
        Behavior::ReplyOnly(reply) => reply,
        Behavior::Serve => Reply::Bytes(state.perform(&request)),
        Behavior::ServeThenReply(reply) => {
            state.perform(&request);
            reply
        }
    };
    match reply {
        // The client may have hung up in the meantime.
        Reply::Bytes(bytes) => drop((&stream).write_all(&bytes)),
        Reply::Hangup => {}
        Reply::Silence => state.silent.push(stream),
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (method, target) = line.split_once(' ')?;
    let (method, target) = (method.to_owned(), target.split(' ').next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        target,
        headers,
        body,
    })
}

impl State {
    /// Performs the request and returns the response.
    fn perform(&mut self, request: &Request) -> Vec<u8> {
        let Some(key) = request.key() else {
            return match request.method.as_str() {
                "GET" => self.list(&request.query()),
                _ => response(405, &[], b""),
            };
        };
        match request.method.as_str() {
            "GET" => match self.objects.get(&key) {
                Some(bytes) => response(200, &[], bytes),
                None => error_response(404, "NoSuchKey", "The specified key does not exist."),
            },
            "PUT"
                if request.headers.contains_key("if-none-match")
                    && self.objects.contains_key(&key) =>
            {
                error_response(
                    412,
                    "PreconditionFailed",
                    "At least one condition did not hold.",
                )
            }
            "PUT" => {
                self.objects.insert(key, request.body.clone());
                response(200, &[], b"")
            }
            "DELETE" => {
                self.objects.remove(&key);
                response(204, &[], b"")
            }
            _ => response(405, &[], b""),
        }
    }

    /// One page of a listing: objects and common prefixes.
    fn list(&self, query: &BTreeMap<String, String>) -> Vec<u8> {
        assert_eq!(query.get("list-type").map(String::as_str), Some("2"));
        let prefix = query.get("prefix").map_or("", String::as_str);
        let mut entries: Vec<String> = Vec::new();
        for (key, bytes) in self.objects.range(prefix.to_owned()..) {
            let Some(rest) = key.strip_prefix(prefix) else {
                break;
            };
            let entry = match rest.split_once('/') {
                Some((folder, _)) if query.contains_key("delimiter") => {
                    format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>")
                }
                _ => format!(
                    "<Contents><Key>{key}</Key><Size>{}</Size><ETag>\"1\"</ETag><LastModified>2026-11-26T03:17:09.000Z</LastModified></Contents>",
                    bytes.len()
                ),
            };
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        let number = |name: &str| query.get(name).map(|text| text.parse::<usize>().unwrap());
        let from = number("continuation-token").unwrap_or(0);
        let to = entries
            .len()
            .min(from + self.page_size.min(number("max-keys").unwrap_or(usize::MAX)));
        let mut xml = "<?xml version=\"1.0\"?><ListBucketResult>".to_owned();
        xml.extend(entries[from..to].iter().map(String::as_str));
        if to < entries.len() {
            let _ = write!(xml, "<NextContinuationToken>{to}</NextContinuationToken>");
        }
        response(200, &[], (xml + "</ListBucketResult>").as_bytes())
    }
}

/// A response with a status, additional headers and a body.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Word\r\nConnection: close\r\n");
    let _ = write!(
        head,
        "ETag: \"1\"\r\nLast-Modified: Thu, 26 Nov 2026 03:17:09 GMT\r\n"
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if status != 204 {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// An error response as object stores send it.
pub(crate) fn error_response(status: u16, code: &str, message: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>"
    );
    response(
        status,
        &[("Content-Type", "application/xml")],
        xml.as_bytes(),
    )
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
