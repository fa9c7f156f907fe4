//! A long link to a server on loopback: every byte takes half of the round trip, in either direction.
//!
//! Modelled: the delay of each direction, and the round trip of connecting. The kernel answers a connect on loopback at
//! once, so the first bytes of a connection are held back for a round trip more instead, for every client alike.
//! Not modelled: bandwidth, loss, slow start, TLS.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Opens a link to a server and says where it begins.
pub(crate) fn open(server: SocketAddr, round_trip: Duration) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A connection that cannot be carried ends, which its client sees.
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

/// Copies one direction; what is read leaves at its time, so that one delay does not wait for another.
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
