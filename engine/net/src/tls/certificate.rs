//! Certificates in words.

use std::net::IpAddr;

use bytes::Bytes;
use leadsman_core::facts::Certificate;
use sha2::{Digest, Sha256};
use x509_parser::{
    extensions::GeneralName,
    objects::{oid_registry, oid2sn},
    prelude::{FromDer, X509Certificate},
    time::ASN1Time,
};

/// What a presented certificate says; one that cannot be read has its digest and bytes at least.
pub(super) fn describe(der: &[u8]) -> Certificate {
    let mut certificate =
        X509Certificate::from_der(der).map_or_else(|_| unreadable(), |(_, read)| words(&read));
    certificate.sha256 = hex(&Sha256::digest(der));
    certificate.der = Bytes::copy_from_slice(der);
    certificate
}

/// A second since the Unix epoch as people read it (RFC 3339, UTC).
pub(super) fn date(seconds: i64) -> String {
    let Ok(read) = ASN1Time::from_timestamp(seconds) else {
        return format!("{seconds} (Unix time)");
    };
    let instant = read.to_datetime();
    let (year, month, day) = instant.to_calendar_date();
    let (hour, minute, second) = instant.to_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A use of a certificate by its name (RFC 5280 §4.2.1.12). Without one it is no more than another: what verifies chains
/// decodes an OID with numbers above 127 wrongly.
pub(super) const fn purpose(oid: &[usize]) -> &'static str {
    match oid {
        [1, 3, 6, 1, 5, 5, 7, 3, 2] => "clientAuth",
        [1, 3, 6, 1, 5, 5, 7, 3, 3] => "codeSigning",
        [1, 3, 6, 1, 5, 5, 7, 3, 4] => "emailProtection",
        [1, 3, 6, 1, 5, 5, 7, 3, 8] => "timeStamping",
        [1, 3, 6, 1, 5, 5, 7, 3, 9] => "OCSPSigning",
        [2, 5, 29, 37, 0] => "anyExtendedKeyUsage",
        _ => "another",
    }
}

fn unreadable() -> Certificate {
    Certificate {
        subject: String::new(),
        issuer: String::new(),
        serial: String::new(),
        not_before: 0,
        not_after: 0,
        names: Vec::new(),
        signature_algorithm: String::new(),
        sha256: String::new(),
        der: Bytes::new(),
    }
}

fn words(read: &X509Certificate<'_>) -> Certificate {
    let algorithm = &read.signature_algorithm.algorithm;
    Certificate {
        subject: read.subject().to_string(),
        issuer: read.issuer().to_string(),
        serial: hex(read.raw_serial()),
        not_before: read.validity().not_before.timestamp(),
        not_after: read.validity().not_after.timestamp(),
        names: names(read),
        signature_algorithm: oid2sn(algorithm, oid_registry())
            .map_or_else(|_| algorithm.to_id_string(), ToOwned::to_owned),
        ..unreadable()
    }
}

fn names(read: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = read.subject_alternative_name() else {
        return Vec::new();
    };
    names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            text.push(nibble(byte >> 4));
            text.push(nibble(byte & 15));
            text
        })
}

fn nibble(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}
