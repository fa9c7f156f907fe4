//! A server that answers every request with the same bytes, whatever they are, and counts the requests.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// A running server, stopped on drop.
pub(crate) struct RawServer {
    address: SocketAddr,
    n_requests: Arc<AtomicUsize>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Answers with these bytes, head and body, and then closes the connection.
    pub(crate) fn start(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (n_requests, is_stopped) = (Arc::default(), Arc::default());
        let (answer, counter, stop) = (
            answer.into(),
            Arc::clone(&n_requests),
            Arc::clone(&is_stopped),
        );
        let thread = std::thread::spawn(move || serve(&listener, &answer, &counter, &stop));
        Self {
            address,
            n_requests,
            is_stopped,
            thread: Some(thread),
        }
    }

    /// Answers 200 with these headers, each ended by a line break, and a body whose length it announces.
    pub(crate) fn with_body(headers: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n");
        Self::start([head.as_bytes(), body].concat())
    }

    /// Its URL without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests it has answered.
    pub(crate) fn n_requests(&self) -> usize {
        self.n_requests.load(Ordering::SeqCst)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "the raw server panicked"
        );
    }
}

fn serve(listener: &TcpListener, answer: &[u8], n_requests: &AtomicUsize, is_stopped: &AtomicBool) {
    for stream in listener.incoming() {
        if is_stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
        if lines.find(String::is_empty).is_none() {
            continue;
        }
        n_requests.fetch_add(1, Ordering::SeqCst);
        // The client may have disconnected in the meantime.
        let _ = stream.write_all(answer);
        let _ = stream.shutdown(Shutdown::Write);
    }
}
