//! Servers on free ports of this machine, and an egress that may reach them.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fondaco_model::http::{HostPattern, HttpAnswer, HttpFailure, HttpRequest};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Egress, EgressPolicy, Resolve, Secret,
    address::Gate,
    connect::{Dial, SystemDial, Tls},
};

/// Any connection that a server took.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A server that is not serving yet, so that what it answers can name its port.
pub struct Listening {
    listener: TcpListener,
    pub address: SocketAddr,
}

/// A server. It ends with the test.
pub struct Server {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

pub async fn listen() -> Listening {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    Listening { listener, address }
}

impl Listening {
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers with what the handler makes of the head of a request.
    pub fn answering(self, handler: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Server {
        self.handling(None, move |head, mut stream| {
            let answer = handler(&head);
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
    }

    pub fn answering_tls(
        self,
        tls: TlsAcceptor,
        handler: impl Fn(&str) -> Vec<u8> + Send + 'static,
    ) -> Server {
        self.handling(Some(tls), move |head, mut stream| {
            let answer = handler(&head);
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
    }

    /// Hands each connection, its request read, to the handler.
    pub fn handling<F: Future<Output = ()> + Send + 'static>(
        self,
        tls: Option<TlsAcceptor>,
        handler: impl Fn(String, Box<dyn Stream>) -> F + Send + 'static,
    ) -> Server {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (kept, listener, address) = (Arc::clone(&heads), self.listener, self.address);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream: Box<dyn Stream> = match &tls {
                    None => Box::new(stream),
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => Box::new(stream),
                        Err(_) => continue,
                    },
                };
                let head = head(&mut stream).await;
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
                if !head.is_empty() {
                    connections.spawn(handler(head, stream));
                }
            }
        });
        Server { address, heads, _task: task }
    }
}

/// What came until the end of the head, or of the connection.
async fn head(stream: &mut Box<dyn Stream>) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

impl Server {
    /// The heads of all requests it got, in order; empty for a connection without one.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.address.port())
    }
}

/// An answer with this body.
pub fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    with_headers("", body)
}

/// An answer with these header lines, each with its line end.
pub fn with_headers(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub fn redirect(status: u16, location: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n");
    format!("{head}\r\n").into_bytes()
}

/// Gives out what was prepared for each name, one list after the other, the last one forever. What
/// nothing was prepared for is on this machine.
#[derive(Default)]
pub struct Names {
    answers: Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn with(self, host: &str, lists: &[&[&str]]) -> Self {
        let list = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        self.answers.lock().unwrap().insert(host.to_owned(), lists.iter().map(list).collect());
        self
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let Some(lists) = answers.get_mut(host) else {
            return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
        };
        let next = if lists.len() > 1 { lists.pop_front() } else { lists.front().cloned() };
        next.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// Connects to one server, whatever is asked for, and remembers what that was.
pub struct Diverted {
    pub to: SocketAddr,
    pub asked: Arc<Mutex<Vec<SocketAddr>>>,
}

#[async_trait]
impl Dial for Diverted {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.asked.lock().unwrap().push(address);
        TcpStream::connect(self.to).await
    }
}

/// What a test gives its egress.
pub struct Setup {
    pub allow: Vec<SocketAddr>,
    pub names: Arc<Names>,
    pub dial: Box<dyn Dial>,
    pub certificates_pem: String,
    pub time_max: Duration,
}

impl Setup {
    pub fn allowing(servers: &[&Server]) -> Self {
        Self {
            allow: servers.iter().map(|server| server.address).collect(),
            names: Arc::default(),
            dial: Box::new(SystemDial),
            certificates_pem: String::new(),
            // Far more than any test needs, however busy the machine is.
            time_max: Duration::from_secs(60),
        }
    }

    pub fn egress(self) -> Egress {
        let tls = Tls::new(self.certificates_pem.as_bytes()).unwrap();
        Egress::with_parts(Gate::new(self.allow), self.names, self.dial, tls, self.time_max)
    }

    /// Asks for the URL with a grant for everything that tests name.
    pub async fn get(self, url: &str) -> Result<HttpAnswer, HttpFailure> {
        self.egress().get(&policy(), &request(url, &[])).await
    }
}

pub const HOSTS: [&str; 4] = ["shop.test", "*.shop.test", "other.test", "localhost"];

pub fn policy() -> EgressPolicy {
    policy_with(&[])
}

/// With secrets: name, value, host.
pub fn policy_with(secrets: &[(&str, &str, &str)]) -> EgressPolicy {
    let hosts = HOSTS.map(|host| host.parse::<HostPattern>().unwrap());
    let secret = |(name, value, host): &(&str, &str, &str)| {
        let secret = Secret::new((*value).into(), host.parse().unwrap()).unwrap();
        ((*name).to_owned(), secret)
    };
    EgressPolicy::new(hosts.into(), secrets.iter().map(secret).collect())
}

pub fn request(url: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    HttpRequest { url: url.to_owned(), headers: headers.iter().map(own).collect() }
}

/// An authority of one test, trusted by nobody else.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// What a server of this host encrypts with.
    pub fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Why it was refused.
#[track_caller]
pub fn refusal(result: Result<HttpAnswer, HttpFailure>) -> String {
    match result {
        Err(HttpFailure::Refused { reason }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

/// What was malformed.
#[track_caller]
pub fn malformed(result: Result<HttpAnswer, HttpFailure>) -> String {
    match result {
        Err(HttpFailure::Malformed { reason }) => reason,
        other => panic!("not malformed: {other:?}"),
    }
}
