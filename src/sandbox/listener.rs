//! The sockets: accepts connections, lets hyper speak HTTP, and ends a connection as its fault requires.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::account::Account;
use super::exchange::{Disconnect, handle_request};

/// Serves one account until dropped, which also ends all of its connections.
pub(super) async fn serve(listener: TcpListener, account: Account) {
    let mut connections = JoinSet::new();
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    count += 1;
                    connections.spawn(serve_connection(stream, account.clone(), count));
                }
                Err(error) => {
                    tracing::warn!(%error, "sandbox: cannot accept a connection");
                    // Most likely out of file descriptors: an immediate retry would spin.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, account: Account, number: u64) {
    let service = service_fn(|request| Box::pin(handle_request(account.clone(), number, request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let result = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    let disconnect = result
        .as_ref()
        .err()
        .and_then(|error| error.source()?.downcast_ref::<Disconnect>())
        .unwrap_or(&Disconnect::Closed);
    if let Err(error) = close(stream, disconnect).await {
        tracing::debug!(%error, "sandbox: the client disconnected first");
    }
}

async fn close(mut stream: TcpStream, severed: &Disconnect) -> io::Result<()> {
    match severed {
        Disconnect::Closed => stream.shutdown().await,
        Disconnect::Reset => {
            // With a linger time of zero, closing sends RST instead of FIN.
            stream.set_zero_linger()?;
            drop(stream);
            Ok(())
        }
        Disconnect::AfterBytes(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await
        }
    }
}
