//! A simulated long link to a server on loopback: every byte is delayed by half a round trip, in each direction.
//!
//! Modeled: the delay of each direction, and the round trip of connecting. The kernel completes a connect on loopback at
//! once, so the link holds back the first bytes of a connection for one more round trip, for every client alike.
//! Not modeled: bandwidth, loss, slow start, TLS.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Opens a link to a server and returns the address to connect to.
pub(crate) fn open(server: SocketAddr, round_trip: Duration) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // If the connection fails it is closed, which the client notices.
            let _ = carry(client, server, round_trip);
        }
    });
    Ok(address)
}

fn carry(client: TcpStream, server: SocketAddr, round_trip: Duration) -> io::Result<()> {
    let connected = Instant::now() + round_trip;
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    delay(
        client.try_clone()?,
        server.try_clone()?,
        connected,
        round_trip / 2,
    );
    delay(server, client, connected, round_trip / 2);
    Ok(())
}

/// Copies one direction. Each chunk leaves at its own due time, so that delays do not add up.
fn delay(mut from: TcpStream, mut to: TcpStream, connected: Instant, delay: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            let due = Instant::now().max(connected) + delay;
            if sender.send((due, buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
