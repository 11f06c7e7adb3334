//! TLS for the front door: rustls, TLS 1.2 and 1.3, certificate and key from PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where certificate and key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// PEM: the server's certificate and its intermediates, leaf first.
    pub certificate: PathBuf,
    /// PEM: the certificate's private key.
    pub private_key: PathBuf,
}

impl TlsFiles {
    /// Reads both files and sees whether they go together.
    ///
    /// # Errors
    /// Which file, and what to do about it.
    pub fn check(&self) -> Result<(), TlsError> {
        server_config(self).map(drop)
    }
}

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing, unreadable, or no PEM.
    #[error("`{file}`: {reason}\nhint: {hint}")]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// Certificate and key do not go together, or rustls cannot use them.
    #[error(
        "certificate `{certificate}` and key `{private_key}` cannot be used: {reason}\nhint: both must belong together; keys are PKCS#8, PKCS#1 (RSA) or SEC1 (EC) in PEM"
    )]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        private_key: PathBuf,
        /// What rustls says.
        reason: String,
    },
}

/// Reads the files and makes what the listener needs.
///
/// # Errors
/// Which file, and what to do about it.
pub(super) fn server_config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.private_key).map_err(|error| TlsError::File {
        file: files.private_key.clone(),
        reason: error.to_string(),
        hint: "the file must hold one unencrypted private key in PEM, readable by the bridge's user",
    })?;
    let pair = |error: rustls::Error| TlsError::Pair {
        certificate: files.certificate.clone(),
        private_key: files.private_key.clone(),
        reason: error.to_string(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(pair)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |reason: String| TlsError::File {
        file: file.to_owned(),
        reason,
        hint: "the file must hold the server's certificate and its intermediates in PEM, leaf first",
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file)
        .map_err(|error| fault(error.to_string()))?
        .collect();
    let found = found.map_err(|error| fault(error.to_string()))?;
    if found.is_empty() {
        Err(fault("holds no certificate".to_owned()))
    } else {
        Ok(found)
    }
}
