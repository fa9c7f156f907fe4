//! An office network between the program and the stand-in accounts: TLS with a private certificate authority,
//! and a proxy that records its requests.
//! Everything stays on this machine, whatever hosts the program names.

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

/// How the proxy responds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyMode {
    /// It connects to the host.
    Connect,
    /// It demands credentials.
    DemandCredentials,
}

/// TLS in front of two accounts, and a proxy that connects to them.
pub(crate) struct Network {
    proxy: SocketAddr,
    /// Address of the target's TLS front.
    target: SocketAddr,
    ca: String,
    log: Arc<Mutex<String>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// Starts the network around two accounts.
    pub(crate) fn around(accounts: &StandIn, mode: ProxyMode) -> Self {
        let (ca, config) = authority();
        let plain = [accounts.source(), accounts.target()].map(|account| address(&account.url()));
        let log = Arc::new(Mutex::new(String::new()));
        let (started, addresses) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let log_clone = Arc::clone(&log);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let acceptor = TlsAcceptor::from(config);
                let source = start_tls_front(plain[0], acceptor.clone()).await;
                let target = start_tls_front(plain[1], acceptor).await;
                let proxy = start_proxy([source, target], mode, log_clone).await;
                started.send((proxy, target)).unwrap();
                // Ends on a message, or when the sender is dropped.
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

    /// The authority's certificate as PEM.
    pub(crate) fn ca(&self) -> &str {
        &self.ca
    }

    /// The proxy's URL, with credentials that must never be printed.
    pub(crate) fn proxy(&self) -> String {
        format!("http://user:proxy-canary@{}", self.proxy)
    }

    /// The target's URL on this machine.
    pub(crate) fn target(&self) -> String {
        format!("https://localhost:{}", self.target.port())
    }

    /// The heads of all requests to the proxy.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have panicked already; the join below reports that.
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

/// A new authority's certificate as PEM, and a server configuration for the two hosts.
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

/// Starts a TLS front that forwards to `account`, and returns its address.
pub(crate) async fn start_tls_front(account: SocketAddr, acceptor: TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up, as expected.
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut plain = TcpStream::connect(account).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut plain).await;
                }
            });
        }
    });
    address
}

/// Starts a proxy that connects the two hosts to their fronts and refuses all others.
async fn start_proxy(
    fronts: [SocketAddr; 2],
    mode: ProxyMode,
    log: Arc<Mutex<String>>,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, fronts, mode, Arc::clone(&log)));
        }
    });
    address
}

async fn tunnel(
    mut stream: TcpStream,
    fronts: [SocketAddr; 2],
    mode: ProxyMode,
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
    let answer = match (to, mode) {
        (Some(_), ProxyMode::Connect) => "HTTP/1.1 200 Connected\r\n\r\n",
        (_, ProxyMode::DemandCredentials) => {
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        }
        (None, ProxyMode::Connect) => "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    };
    // The client may have hung up in the meantime.
    let _ = stream.write_all(answer.as_bytes()).await;
    if let (Some(front), ProxyMode::Connect) = (to, mode) {
        let mut onward = TcpStream::connect(front).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut onward).await;
    }
}
