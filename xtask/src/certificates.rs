//! An authority of our own, and certificates under it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;

use crate::failure::Failure;

const DAY: Duration = Duration::from_hours(24);

/// An authority that lives as long as this process.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let mut params = lasting(Vec::new(), 365)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self(issuer))
    }

    /// Its certificate, for whoever is to trust it.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a server needs that presents a certificate for these names, which ends in so many days.
    /// Handshakes are full ones: no session can be resumed.
    pub(crate) fn server(&self, names: &[&str], days: u32) -> Result<Arc<ServerConfig>, Failure> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = lasting(names, days)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(Failure::new)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

fn lasting(names: Vec<String>, days: u32) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(names)?;
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * days).into();
    Ok(params)
}
