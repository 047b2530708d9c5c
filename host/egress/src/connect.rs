//! From checked addresses to a connection that goes to one of them and nowhere else.

use std::{io, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use fondaco_model::http::HttpFailure;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    EgressError,
    address::Gate,
    failure::{refused, unreachable},
    limits::{ADDRESSES_TRIED_MAX, CONNECT_TIME_MAX, REASON_CHARACTERS_MAX},
};

/// Opens a connection.
#[async_trait]
pub(crate) trait Dial: Send + Sync {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

/// Opens connections as the system does.
pub(crate) struct SystemDial;

#[async_trait]
impl Dial for SystemDial {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }
}

/// A connection to the first of these addresses that takes one. Nothing was sent on it yet.
///
/// Where it ended up is checked again: an address can be this machine's own, or be answered by
/// something in between, and neither shows before.
pub(crate) async fn connect(
    dial: &dyn Dial,
    gate: &Gate,
    host: &str,
    addresses: &[SocketAddr],
) -> Result<TcpStream, HttpFailure> {
    let mut failure = unreachable(format!("`{host}` has no address"));
    for address in addresses.iter().take(ADDRESSES_TRIED_MAX) {
        let stream = match timeout(CONNECT_TIME_MAX, dial.dial(*address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                failure = unreachable(format!("`{host}` takes no connection ({})", error.kind()));
                continue;
            }
            Err(Elapsed { .. }) => {
                failure = unreachable(format!("`{host}` does not answer"));
                continue;
            }
        };
        let end = |error: io::Error| unreachable(format!("`{host}` ({})", error.kind()));
        let peer = stream.peer_addr().map_err(end)?;
        let local = stream.local_addr().map_err(end)?;
        if (peer.ip(), peer.port()) != (address.ip(), address.port()) {
            return Err(refused(format!("the connection to `{host}` went to another address")));
        }
        if peer.ip() == local.ip() && !gate.is_opened(peer) {
            return Err(refused(format!("`{host}` is the machine the host runs on")));
        }
        return Ok(stream);
    }
    Err(failure)
}

/// Proves who a server is.
pub(crate) struct Tls {
    /// Absent on a machine that trusts nobody, which has to be no fault until somebody asks.
    connector: Option<TlsConnector>,
}

impl Tls {
    /// Trusts whom the machine trusts, and these.
    pub(crate) fn new(certificates_pem: &[u8]) -> Result<Self, EgressError> {
        let unusable = |reason: &dyn ToString| EgressError::Certificates(reason.to_string());
        let mut extra = Vec::new();
        let mut trial = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(certificates_pem) {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            trial.add(certificate.clone()).map_err(|error| unusable(&error))?;
            extra.push(certificate);
        }
        let has_text = !certificates_pem.trim_ascii().is_empty();
        if extra.is_empty() && has_text {
            return Err(unusable(&"no certificate in it"));
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider));
        let Ok(verifier) = verifier else {
            return Ok(Self { connector: None });
        };
        let config = config(provider, verifier).map_err(|error| unusable(&error))?;
        Ok(Self { connector: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// Encrypts a connection, if the server proves to be this host.
    pub(crate) async fn encrypt(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, HttpFailure> {
        let connector = self.connector.as_ref().ok_or_else(|| {
            unreachable("the machine the host runs on has no certificate authorities installed")
        })?;
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| unreachable(format!("`{host}` is no name for TLS")))?;
        let encrypted = connector.connect(name, stream).await;
        encrypted.map_err(|error| {
            // The names in a certificate are the server's words, and can be many.
            let reason: String = error.to_string().chars().take(REASON_CHARACTERS_MAX).collect();
            unreachable(format!("`{host}` over TLS: {reason}"))
        })
    }
}

fn config(
    provider: Arc<CryptoProvider>,
    verifier: Verifier,
) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
