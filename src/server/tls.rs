//! HTTPS by rustls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The files that HTTPS needs, both in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those that it rests on.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A file that doesn't do for HTTPS.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct TlsError {
    path: PathBuf,
    problem: String,
}

impl TlsError {
    fn new(path: &Path, problem: impl ToString) -> Self {
        TlsError {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }
}

impl TlsFiles {
    /// Reads both.
    pub fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let refused =
            |problem: &dyn ToString| TlsError::new(&self.certificate, problem.to_string());
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(|all| all.collect::<Result<Vec<_>, _>>())
            .map_err(|e| refused(&e))?;
        if certificates.is_empty() {
            return Err(refused(&"there is no certificate in it"));
        }
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|e| TlsError::new(&self.key, e))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(certificates, key)
            })
            .map_err(|e| refused(&e))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
