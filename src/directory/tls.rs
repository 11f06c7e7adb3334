//! TLS towards the directory: whose certificates are believed, and for which name.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme};

use super::settings::{Host, Server, SettingsError, Trust};

/// The host told to the client library in place of an IPv6 literal, which it would pass on with its brackets as a
/// name that no certificate has. The certificate is checked against the address, see [`ForAddress`].
pub(super) const IPV6_STAND_IN: &str = "ipv6-literal.invalid";

/// What is needed to make the TLS configuration of any server.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
}

impl Tls {
    /// Reads the trust anchors. An empty trust store is refused here, not at the first connection.
    pub(super) fn new(trust: &Trust) -> Result<Self, SettingsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match trust {
            Trust::Authorities(pem) => {
                let roots = Arc::new(authorities(pem)?);
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                    .build()
                    .map_err(|error| SettingsError::Authorities(error.to_string()))?
            }
            Trust::Platform => Arc::new(
                rustls_platform_verifier::Verifier::new(Arc::clone(&provider))
                    .map_err(|error| SettingsError::Tls(error.to_string()))?,
            ),
        };
        Ok(Self { provider, verifier })
    }

    /// The configuration for one server: TLS 1.2 or later.
    pub(super) fn config(&self, server: &Server) -> Result<Arc<ClientConfig>, SettingsError> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| SettingsError::Tls(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier_for(server))
            .with_no_client_auth();
        // The stand-in is nobody's name.
        config.enable_sni = !matches!(server.host, Host::Address(IpAddr::V6(_)));
        Ok(Arc::new(config))
    }

    fn verifier_for(&self, server: &Server) -> Arc<dyn ServerCertVerifier> {
        let verifier = Arc::clone(&self.verifier);
        match server.host {
            Host::Address(address @ IpAddr::V6(_)) => Arc::new(ForAddress {
                name: ServerName::IpAddress(address.into()),
                verifier,
            }),
            _ => verifier,
        }
    }
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, SettingsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate =
            certificate.map_err(|error| SettingsError::Authorities(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| SettingsError::Authorities(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(SettingsError::Authorities(
            "it holds no certificate".to_owned(),
        ));
    }
    Ok(roots)
}

/// Checks the certificate against an address, whatever name the caller was told. Not weaker than the verifier inside:
/// every check is that one's, only the name asked for is the one that was configured.
#[derive(Debug)]
struct ForAddress {
    name: ServerName<'static>,
    verifier: Arc<dyn ServerCertVerifier>,
}

impl ServerCertVerifier for ForAddress {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _stand_in: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        self.verifier
            .verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.verifier
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.verifier
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::directory::settings::Security;
    use rustls::pki_types::UnixTime;

    /// A certification authority that signed [`SERVER`] and is used nowhere else. Its key is lost.
    pub(in crate::directory) const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUUYSde4BnAoT+CEIkPvOmXPF6WrMwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMTgwNDExWhgPMjEy
NjEwMzAxODA0MTFaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEDQigCjCwrutRR8MwrrHRTaKeNsjFt55nyEpHSZAL
7s/riM0N7SbVWq2VRy+KoNc/PgRlR3+Cu5jJNEXMqSVKiqNjMGEwHQYDVR0OBBYE
FDWWMTsVh1fJl++CU7x7oH2zdsO7MB8GA1UdIwQYMBaAFDWWMTsVh1fJl++CU7x7
oH2zdsO7MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49
BAMCA0gAMEUCIB9v4GOs9tJSjEzS6vR0cMi7m+lWtggszSWTeLU8lUgIAiEAutyQ
o/55lcuAIgmf24vq3sC+xPb4Zr6SwPuImCFCtDc=
-----END CERTIFICATE-----
";

    /// Valid for the addresses ::1 and 127.0.0.1.
    const SERVER: &str = "-----BEGIN CERTIFICATE-----
MIIBujCCAWCgAwIBAgIUTw4mGIzTA/FdALWcVLOVuxdDieEwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMTgwNDExWhgPMjEy
NjEwMzAxODA0MTFaMBYxFDASBgNVBAMMC1Rlc3Qgc2VydmVyMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAE2GLTJfDaN08FiRBgRdBaEXmvUWY+mT7MxKQGbaFoRIfM
XVMRkIbkjmv/2T45JKeJOaWToM81AJMl8aD+gtqbRaOBhjCBgzAhBgNVHREEGjAY
hxAAAAAAAAAAAAAAAAAAAAABhwR/AAABMBMGA1UdJQQMMAoGCCsGAQUFBwMBMAkG
A1UdEwQCMAAwHQYDVR0OBBYEFEBBdx9hgMYMGOiCxyGOMDFj94BmMB8GA1UdIwQY
MBaAFDWWMTsVh1fJl++CU7x7oH2zdsO7MAoGCCqGSM49BAMCA0gAMEUCIQDbjcU9
jLQDWyFsZi+ElWnhF4DJMQAqtxFvHadQv8qJawIgO3Y9BKZaYXE97USG/MOsFnja
c+nrgpe+R2iBnLDulUk=
-----END CERTIFICATE-----
";

    fn verify(host: &str, told: &'static str) -> Result<(), TlsError> {
        let tls = Tls::new(&Trust::Authorities(AUTHORITY.into())).unwrap();
        let server = Server {
            security: Security::Tls,
            host: Host::Address(host.parse().unwrap()),
            port: 636,
        };
        // What `config` does, without the handshake around it.
        let verifier = tls.verifier_for(&server);
        let certificate = CertificateDer::from_pem_slice(SERVER.as_bytes()).unwrap();
        let name = ServerName::try_from(told).unwrap();
        verifier
            .verify_server_cert(&certificate, &[], &name, &[], UnixTime::now())
            .map(|_| ())
    }

    #[test]
    fn an_ipv6_literal_is_checked_against_the_certificate_s_addresses() {
        verify("::1", IPV6_STAND_IN).unwrap();
        assert!(verify("::2", IPV6_STAND_IN).is_err());
        assert!(
            verify("::2", "127.0.0.1").is_err(),
            "the name told by the library does not matter"
        );
    }

    #[test]
    fn an_ipv4_literal_is_checked_as_it_was_told() {
        verify("127.0.0.1", "127.0.0.1").unwrap();
        assert!(verify("127.0.0.1", "127.0.0.2").is_err());
    }

    #[test]
    fn nothing_older_than_tls_1_2_is_spoken_and_the_stand_in_is_never_sent() {
        let tls = Tls::new(&Trust::Authorities(AUTHORITY.into())).unwrap();
        let six = Server {
            security: Security::Tls,
            host: Host::Address("::1".parse().unwrap()),
            port: 636,
        };
        assert!(!tls.config(&six).unwrap().enable_sni);
        let named = Server {
            host: Host::Name("dc1".into()),
            ..six
        };
        assert!(tls.config(&named).unwrap().enable_sni);
    }

    #[test]
    fn an_empty_trust_store_is_refused_when_the_settings_are_read() {
        for pem in [
            &b""[..],
            b"no certificate here",
            b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        ] {
            let fault = Tls::new(&Trust::Authorities(pem.to_vec())).err();
            assert!(
                matches!(fault, Some(SettingsError::Authorities(_))),
                "{fault:?}"
            );
        }
    }
}
