//! A tiny HTTP server of the test's own, for what the sandbox does not do: it writes down each request and answers as told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// With this status, this header line (which may be empty) and this body.
    Says(u16, String, String),
    /// Never, while it lives.
    Hangs,
    /// By closing the connection.
    Closes,
}

impl Manner {
    /// A JSON answer as the vendor's API gives it.
    pub(crate) fn json(body: &str) -> Self {
        let header = "content-type: application/json".to_owned();
        Self::Says(200, header, body.to_owned())
    }

    /// An empty answer of that status.
    pub(crate) fn status(status: u16) -> Self {
        Self::Says(status, String::new(), String::new())
    }
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    manner: Manner,
    paths: Vec<String>,
    is_over: bool,
}

/// The running server; it ends when this is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// A server that answers from the moment this returns.
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                manner,
                paths: Vec::new(),
                is_over: false,
            }),
            arrived: Condvar::new(),
        });
        let kept = Arc::clone(&shared);
        let thread = std::thread::spawn(move || serve(&listener, &kept));
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Its address, without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers otherwise from the next request on.
    pub(crate) fn answer(&self, manner: Manner) {
        self.shared.state.lock().unwrap().manner = manner;
    }

    /// The paths of all requests so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().paths.clone()
    }

    /// Waits for so many requests.
    pub(crate) fn until(&self, n: usize) {
        let state = self.shared.state.lock().unwrap();
        let is_short = |state: &mut State| state.paths.len() < n;
        drop(self.shared.arrived.wait_while(state, is_short).unwrap());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.is_over = true;
        }
        // Wakes it where it waits for a request.
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
        if shared.state.lock().unwrap().is_over {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let Some(path) = path_of_request(&mut stream) else {
            continue;
        };
        let mut state = shared.state.lock().unwrap();
        state.paths.push(path);
        let manner = state.manner.clone();
        drop(state);
        shared.arrived.notify_all();
        match manner {
            Manner::Closes => {}
            Manner::Hangs => kept_open.push(stream),
            Manner::Says(status, header, body) => {
                let header = if header.is_empty() {
                    header
                } else {
                    header + "\r\n"
                };
                let length = body.len();
                // Whoever has gone away meanwhile does not want it.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} As Told\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        }
    }
}

/// The path of a request without a body; `None` where the connection ends before.
fn path_of_request(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            n => head.extend(&buffer[..n]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    head.split(' ').nth(1).map(str::to_owned)
}
