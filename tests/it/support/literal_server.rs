//! A target whose ids and answers a test dictates token by token, which the sandbox does not allow.
//! It takes ids literally: `7` and `"007"` name two webhooks, and an update of an unknown id creates a webhook.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Status and body of the answer to a write that stored these webhooks.
pub(crate) type AnswerWrite = fn(Vec<Value>) -> (u16, Value);

/// What the server does where the vendor's page says nothing.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    /// The id of the `n`th webhook that it creates.
    pub(crate) new_id: fn(u64) -> Value,
    /// What it stores of a webhook that was sent.
    pub(crate) store: fn(Value) -> Value,
    /// How a list shows a webhook.
    pub(crate) list: fn(Value) -> Value,
    /// How it answers a write.
    pub(crate) answer: AnswerWrite,
    /// What somebody else does to its webhooks just before each write.
    pub(crate) before_write: fn(&mut Vec<Value>),
    /// Which webhooks of a request it stores; it drops the others in silence.
    pub(crate) accepts: fn(&Value) -> bool,
}

/// A server that numbers its webhooks, stores what was sent, and answers with that.
impl Default for Ways {
    fn default() -> Self {
        Self {
            new_id: |n| json!(9000 + n),
            store: |webhook| webhook,
            list: |webhook| webhook,
            answer: |rows| (200, Value::Array(rows)),
            before_write: |_| {},
            accepts: |_| true,
        }
    }
}

/// A request as the server received it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Such as `DELETE /api/v1/external/integrations/7`.
    pub(crate) line: String,
    pub(crate) body: String,
}

struct State {
    webhooks: Vec<Value>,
    n_created: u64,
    ways: Ways,
    requests: Vec<Received>,
    is_stopped: bool,
}

/// A running server, stopped on drop.
pub(crate) struct LiteralServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl LiteralServer {
    /// Starts a server with these webhooks.
    pub(crate) fn start(webhooks: Vec<Value>, ways: Ways) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            webhooks,
            n_created: 0,
            ways,
            requests: Vec::new(),
            is_stopped: false,
        }));
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || serve(&listener, &shared));
        Self {
            address,
            state,
            thread: Some(thread),
        }
    }

    /// Its URL without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its webhooks as stored.
    pub(crate) fn webhooks(&self) -> Vec<Value> {
        self.state.lock().unwrap().webhooks.clone()
    }

    /// Changes its webhooks by hand.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Vec<Value>)) {
        change(&mut self.state.lock().unwrap().webhooks);
    }

    /// The requests other than GETs.
    pub(crate) fn writes(&self) -> Vec<Received> {
        let mut requests = self.state.lock().unwrap().requests.clone();
        requests.retain(|request| !request.line.starts_with("GET"));
        requests
    }
}

impl Drop for LiteralServer {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state.lock() {
            state.is_stopped = true;
        }
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "the literal server panicked"
        );
    }
}

fn serve(listener: &TcpListener, shared: &Mutex<State>) {
    for stream in listener.incoming() {
        if shared.lock().unwrap().is_stopped {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let Some(request) = receive(&mut stream) else {
            continue;
        };
        let (status, body) = shared.lock().unwrap().handle(&request);
        let body = if status == 204 {
            String::new()
        } else {
            body.to_string()
        };
        // The client may have disconnected in the meantime.
        let _ = write!(
            stream,
            "HTTP/1.1 {status} As Told\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}

fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = head.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    Some(Received {
        line,
        body: String::from_utf8(body).ok()?,
    })
}

impl State {
    fn handle(&mut self, request: &Received) -> (u16, Value) {
        self.requests.push(request.clone());
        let (method, path) = request.line.split_once(' ').unwrap_or_default();
        let id = path.rsplit('/').next().unwrap_or_default();
        let at = self
            .webhooks
            .iter()
            .position(|webhook| segment(&webhook["id"]) == id);
        match (method, id) {
            ("GET", "") => {
                let rows = self.webhooks.iter().cloned().map(self.ways.list);
                (200, rows.collect())
            }
            ("POST", _) => {
                (self.ways.before_write)(&mut self.webhooks);
                let sent: Vec<Value> = serde_json::from_str(&request.body).unwrap();
                let sent = sent.into_iter().filter(self.ways.accepts);
                let stored = sent.map(|webhook| self.write(webhook)).collect();
                (self.ways.answer)(stored)
            }
            ("GET", _) => at.map_or((404, json!({"message": "not found"})), |at| {
                (200, self.webhooks[at].clone())
            }),
            ("DELETE", _) => at.map_or((404, json!({"message": "not found"})), |at| {
                self.webhooks.remove(at);
                (204, Value::Null)
            }),
            _ => (405, Value::Null),
        }
    }

    fn write(&mut self, webhook: Value) -> Value {
        let mut stored = (self.ways.store)(webhook);
        let at = self
            .webhooks
            .iter()
            .position(|other| other["id"] == stored["id"]);
        if let Some(at) = at {
            self.webhooks[at] = stored.clone();
            return stored;
        }
        if stored["id"].is_null() {
            stored["id"] = (self.ways.new_id)(self.n_created);
            self.n_created += 1;
        }
        self.webhooks.push(stored.clone());
        stored
    }
}

/// The path segment that names an id.
fn segment(id: &Value) -> String {
    let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
