//! The network between the program and the stand-in accounts, as it is in offices: TLS by a company's own authority,
//! and a proxy that writes down what it is asked.
//! Everything stays on this machine, whatever hosts are named.

use super::stand_in::StandIn;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The vendor's hosts that stand for the two accounts.
pub(crate) const SOURCE_HOST: &str = "api.eu1.coralogix.com";
pub(crate) const TARGET_HOST: &str = "api.us2.coralogix.com";

/// How the proxy answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It connects.
    Connects,
    /// It wants credentials.
    WantsCredentials,
}

/// TLS in front of two accounts, and a proxy that leads to them.
pub(crate) struct Network {
    proxy: SocketAddr,
    /// Where TLS is spoken for the target.
    target: SocketAddr,
    ca: String,
    log: Arc<Mutex<String>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// The network around two accounts.
    pub(crate) fn around(accounts: &StandIn, manner: Manner) -> Self {
        let (ca, config) = authority();
        let plain = [accounts.source(), accounts.target()].map(|account| address(&account.url()));
        let log = Arc::new(Mutex::new(String::new()));
        let (started, addresses) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let kept = Arc::clone(&log);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let acceptor = TlsAcceptor::from(config);
                let source = front(plain[0], acceptor.clone()).await;
                let target = front(plain[1], acceptor).await;
                let proxy = proxy([source, target], manner, kept).await;
                started.send((proxy, target)).unwrap();
                // Ends by a message, or because the test is gone.
                let _ = stopped.await;
            });
        });
        let (proxy, target) = addresses.recv().unwrap();
        Self {
            proxy,
            target,
            ca,
            log,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The certificate of the authority, as PEM.
    pub(crate) fn ca(&self) -> &str {
        &self.ca
    }

    /// The proxy's URL, with credentials that must not be shown.
    pub(crate) fn proxy(&self) -> String {
        format!("http://user:proxy-canary@{}", self.proxy)
    }

    /// The target by its address on this machine.
    pub(crate) fn target(&self) -> String {
        format!("https://localhost:{}", self.target.port())
    }

    /// Everything that the proxy was asked, head by head.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by a panic of its own, which the join below would tell.
            let _ = stop.send(());
        }
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            std::thread::panicking() || matches!(ended, Some(Ok(()))),
            "the network panicked"
        );
    }
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().unwrap()
}

/// A new authority's certificate, and what serves the two hosts by it.
pub(crate) fn authority() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let names = [SOURCE_HOST, TARGET_HOST, "localhost"].map(str::to_owned);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (authority.pem(), Arc::new(config))
}

/// Speaks TLS and passes on to an address; returns where.
pub(crate) async fn front(account: SocketAddr, acceptor: TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up, as it should.
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut plain = TcpStream::connect(account).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut plain).await;
                }
            });
        }
    });
    address
}

/// A proxy that leads the two hosts to those fronts and nothing anywhere else.
async fn proxy(fronts: [SocketAddr; 2], manner: Manner, log: Arc<Mutex<String>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, fronts, manner, Arc::clone(&log)));
        }
    });
    address
}

async fn tunnel(
    mut stream: TcpStream,
    fronts: [SocketAddr; 2],
    manner: Manner,
    log: Arc<Mutex<String>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    log.lock().unwrap().push_str(&head);
    let to = [SOURCE_HOST, TARGET_HOST]
        .iter()
        .zip(fronts)
        .find(|(host, _)| head.starts_with(&format!("CONNECT {host}:443 ")))
        .map(|(_, front)| front);
    let answer = match (to, manner) {
        (Some(_), Manner::Connects) => "HTTP/1.1 200 Connected\r\n\r\n",
        (_, Manner::WantsCredentials) => {
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        }
        (None, Manner::Connects) => "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    };
    // Whoever hangs up does not want the answer.
    let _ = stream.write_all(answer.as_bytes()).await;
    if let (Some(front), Manner::Connects) = (to, manner) {
        let mut onward = TcpStream::connect(front).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut onward).await;
    }
}
