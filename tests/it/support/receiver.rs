//! A tiny HTTP server for what the sandbox does not do: it records each request and sends a configured reply.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// How the server replies.
#[derive(Clone, Debug)]
pub(crate) enum ReplyMode {
    /// With this status, header line (may be empty) and body.
    Respond(u16, String, String),
    /// Never: it keeps the connection open.
    Hang,
    /// It closes the connection.
    Close,
}

impl ReplyMode {
    /// A JSON response as the vendor's API sends it.
    pub(crate) fn json(body: &str) -> Self {
        let header = "content-type: application/json".to_owned();
        Self::Respond(200, header, body.to_owned())
    }

    /// An empty response with this status.
    pub(crate) fn status(status: u16) -> Self {
        Self::Respond(status, String::new(), String::new())
    }
}

struct Shared {
    state: Mutex<State>,
    request_arrived: Condvar,
}

struct State {
    reply: ReplyMode,
    paths: Vec<String>,
    is_stopped: bool,
}

/// A running server, stopped on drop.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a server, which accepts connections as soon as this returns.
    pub(crate) fn start(reply: ReplyMode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                reply,
                paths: Vec::new(),
                is_stopped: false,
            }),
            request_arrived: Condvar::new(),
        });
        let shared_clone = Arc::clone(&shared);
        let thread = std::thread::spawn(move || serve(&listener, &shared_clone));
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Its URL without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the reply from the next request on.
    pub(crate) fn set_reply(&self, reply: ReplyMode) {
        self.shared.state.lock().unwrap().reply = reply;
    }

    /// The paths of all requests so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().paths.clone()
    }

    /// Waits until it has received `n` requests.
    pub(crate) fn wait_for_requests(&self, n: usize) {
        let state = self.shared.state.lock().unwrap();
        let is_short = |state: &mut State| state.paths.len() < n;
        drop(
            self.shared
                .request_arrived
                .wait_while(state, is_short)
                .unwrap(),
        );
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.is_stopped = true;
        }
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "the receiver panicked"
        );
    }
}

fn serve(listener: &TcpListener, shared: &Shared) {
    let mut kept_open = Vec::new();
    for stream in listener.incoming() {
        if shared.state.lock().unwrap().is_stopped {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let Some(path) = read_request_path(&mut stream) else {
            continue;
        };
        let mut state = shared.state.lock().unwrap();
        state.paths.push(path);
        let reply = state.reply.clone();
        drop(state);
        shared.request_arrived.notify_all();
        match reply {
            ReplyMode::Close => {}
            ReplyMode::Hang => kept_open.push(stream),
            ReplyMode::Respond(status, header, body) => {
                let header = if header.is_empty() {
                    header
                } else {
                    header + "\r\n"
                };
                let length = body.len();
                // The client may have disconnected in the meantime.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} As Told\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        }
    }
}

/// Reads a request and returns its path; `None` where the connection closes early.
fn read_request_path(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).ok()? > 0 && !line.trim_end().is_empty() {
        head.push_str(&line);
        line.clear();
    }
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths
        .next()
        .map_or(Ok(0), |(_, value)| value.trim().parse());
    let length: usize = length.ok()?;
    // What is left unread would reset the connection before the reply is read.
    reader.read_exact(&mut vec![0; length]).ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}
