//! A small object store in this process: keeps objects in memory, remembers every request, and fails as it is told.
//! Checks no signature; servers of others do.

use super::{BUCKET, opened};
use crate::support::program::Program;
use crate::support::stand_in::StandIn;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use url::Url;

/// A request as the store saw it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// As it was sent.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It is done and answered.
    Served,
    /// It is done, and this is answered.
    ServedThen(Reply),
    /// Nothing is done, and this is answered.
    Instead(Reply),
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// By these bytes, after which the connection ends.
    Bytes(Vec<u8>),
    /// Not at all: the connection ends.
    Hangup,
    /// Not at all: the connection stays.
    Silence,
}

type Decide = dyn FnMut(&Asked) -> Fate + Send;

/// A running store.
pub(crate) struct Stub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    objects: BTreeMap<String, Vec<u8>>,
    log: Vec<Asked>,
    decide: Box<Decide>,
    page: usize,
    has_ended: bool,
    silent: Vec<TcpStream>,
}

impl Stub {
    /// A store that does what it is asked.
    pub(crate) fn start() -> Self {
        Self::with(|_| Fate::Served)
    }

    /// A store in which that decides what happens to each request.
    pub(crate) fn with(decide: impl FnMut(&Asked) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            objects: BTreeMap::new(),
            log: Vec::new(),
            decide: Box::new(decide),
            page: 1000,
            has_ended: false,
            silent: Vec::new(),
        }));
        let served = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if locked(&served).has_ended {
                    break;
                }
                let served = Arc::clone(&served);
                std::thread::spawn(move || serve(stream.unwrap(), &served));
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

    /// Decides otherwise from now on.
    pub(crate) fn then(&self, decide: impl FnMut(&Asked) -> Fate + Send + 'static) {
        locked(&self.state).decide = Box::new(decide);
    }

    /// The program beside two accounts, with what opens this store in its environment.
    pub(crate) fn program<'s>(&self, accounts: &'s StandIn, command_line: &str) -> Program<'s> {
        opened(accounts.program(command_line), &self.url(), super::KEY)
    }

    /// Puts an object there.
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        locked(&self.state)
            .objects
            .insert(key.to_owned(), bytes.to_vec());
    }

    /// The keys that are there.
    pub(crate) fn keys(&self) -> Vec<String> {
        locked(&self.state).objects.keys().cloned().collect()
    }

    /// The requests of a method.
    pub(crate) fn asked(&self, method: &str) -> Vec<Asked> {
        let state = locked(&self.state);
        state
            .log
            .iter()
            .filter(|asked| asked.method == method)
            .cloned()
            .collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        locked(&self.state).has_ended = true;
        // Wakes the thread, which then sees that it is to end.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Asked {
    /// The key of the object that is meant; none for the bucket itself.
    pub(crate) fn key(&self) -> Option<String> {
        let path = self.target.split('?').next().unwrap();
        let path = path.strip_prefix(&format!("/{BUCKET}/"))?;
        assert!(
            !path.contains('+'),
            "a plus sign is a space to some servers: {path}"
        );
        let decoded = url::form_urlencoded::parse(path.as_bytes()).next()?;
        Some(decoded.0.into_owned())
    }

    fn query(&self) -> BTreeMap<String, String> {
        let url = Url::parse(&format!("http://stub{}", self.target)).unwrap();
        url.query_pairs().into_owned().collect()
    }

    /// Whether it is the PUT of a backup.
    pub(crate) fn is_backup(&self) -> bool {
        self.method == "PUT" && self.target.contains(".json.gz")
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let Some(asked) = read(&stream) else { return };
    let mut state = locked(state);
    state.log.push(asked.clone());
    let fate = (state.decide)(&asked);
    let reply = match fate {
        Fate::Instead(reply) => reply,
        Fate::Served => Reply::Bytes(state.done(&asked)),
        Fate::ServedThen(reply) => {
            state.done(&asked);
            reply
        }
    };
    match reply {
        // Who hung up meanwhile wants no answer.
        Reply::Bytes(bytes) => drop((&stream).write_all(&bytes)),
        Reply::Hangup => {}
        Reply::Silence => state.silent.push(stream),
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
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
    Some(Asked {
        method,
        target,
        headers,
        body,
    })
}

impl State {
    /// Does what was asked, and the answer to it.
    fn done(&mut self, asked: &Asked) -> Vec<u8> {
        let Some(key) = asked.key() else {
            return match asked.method.as_str() {
                "GET" => self.list(&asked.query()),
                _ => answer(405, &[], b""),
            };
        };
        match asked.method.as_str() {
            "GET" => match self.objects.get(&key) {
                Some(bytes) => answer(200, &[], bytes),
                None => refusal(404, "NoSuchKey", "The specified key does not exist."),
            },
            "PUT"
                if asked.headers.contains_key("if-none-match")
                    && self.objects.contains_key(&key) =>
            {
                refusal(
                    412,
                    "PreconditionFailed",
                    "At least one condition did not hold.",
                )
            }
            "PUT" => {
                self.objects.insert(key, asked.body.clone());
                answer(200, &[], b"")
            }
            "DELETE" => {
                self.objects.remove(&key);
                answer(204, &[], b"")
            }
            _ => answer(405, &[], b""),
        }
    }

    /// One page of a list, of objects and of what looks like folders.
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
            .min(from + self.page.min(number("max-keys").unwrap_or(usize::MAX)));
        let mut xml = "<?xml version=\"1.0\"?><ListBucketResult>".to_owned();
        xml.extend(entries[from..to].iter().map(String::as_str));
        if to < entries.len() {
            let _ = write!(xml, "<NextContinuationToken>{to}</NextContinuationToken>");
        }
        answer(200, &[], (xml + "</ListBucketResult>").as_bytes())
    }
}

/// An answer with a status, more headers and a body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
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

/// A refusal as stores give it.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>"
    );
    answer(
        status,
        &[("Content-Type", "application/xml")],
        xml.as_bytes(),
    )
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
