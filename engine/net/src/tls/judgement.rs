//! Whether a chain verifies, until when, and how that is remembered.
//!
//! A judgement depends on the chain, the roots, the name and the time; it cannot change before the
//! next instant at which some presented certificate begins or ends. Until then it is kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use leadsman_core::{
    facts::{Certificate, Distrust, TlsFacts},
    failure::FailureKind,
};
use rustls::CertificateError;
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use super::{
    certificate::{date, describe, purpose},
    stores::Roots,
};

const ROUNDS: usize = 8;
const KEPT_AT_MOST: usize = 4096;

/// What is known of one presented chain.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) chain: Vec<Certificate>,
    pub(super) verdict: Result<(), (Distrust, CertificateError)>,
    pub(super) valid_until: Option<i64>,
    holds: std::ops::Range<i64>,
    /// The facts of the last handshake: the next one's are mostly the same.
    pub(super) last: Mutex<Option<Arc<TlsFacts>>>,
}

/// The judgements that still hold.
#[derive(Debug, Default)]
pub(super) struct Judgements(Mutex<HashMap<[u8; 32], Arc<Judgement>>>);

/// One question: is this chain good for this name?
pub(super) struct Question<'a> {
    pub(super) chain: &'a [CertificateDer<'a>],
    pub(super) name: &'a ServerName<'a>,
    pub(super) roots: &'a Roots,
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
}

impl Judgements {
    pub(super) fn ask(&self, question: &Question<'_>, now: UnixTime) -> Arc<Judgement> {
        let key = question.key();
        let seconds = seconds(now);
        let kept = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(kept) = kept.filter(|kept| kept.holds.contains(&seconds)) {
            return kept;
        }
        let judgement = Arc::new(question.judge(now));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT_AT_MOST {
            all.clear();
        }
        all.insert(key, Arc::clone(&judgement));
        judgement
    }
}

impl Question<'_> {
    fn key(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.roots.id.to_le_bytes());
        let name = self.name.to_str();
        digest.update(name.len().to_le_bytes());
        digest.update(name.as_bytes());
        for der in self.chain {
            digest.update(der.len().to_le_bytes());
            digest.update(der);
        }
        digest.finalize().into()
    }

    fn judge(&self, now: UnixTime) -> Judgement {
        let chain: Vec<_> = self.chain.iter().map(|der| describe(der)).collect();
        let verdict = self
            .verify(now, &chain, false)
            .map(|_| ())
            .map_err(|error| self.explain(&error, &chain));
        let valid_until = verdict.is_ok().then(|| self.end(now, &chain));
        Judgement {
            holds: boundaries(&chain, seconds(now)),
            verdict,
            valid_until,
            chain,
            last: Mutex::default(),
        }
    }

    /// Builds a path at that time and tells its end: the first `notAfter` on it.
    ///
    /// An anchor that is itself presented is known with its own end. Verification now ignores that
    /// end, as TLS clients do; when looking ahead (`strict`) such a path counts as ended.
    fn verify(
        &self,
        at: UnixTime,
        words: &[Certificate],
        strict: bool,
    ) -> Result<i64, webpki::Error> {
        let Some((leaf, intermediates)) = self.chain.split_first() else {
            return Err(webpki::Error::BadDer);
        };
        let leaf_words = words.first().map_or(0, |leaf| leaf.not_after);
        let leaf = EndEntityCert::try_from(leaf)?;
        let refuse_ended = |path: &VerifiedPath<'_>| match self.anchor_end(path, words) {
            Some(end) if strict && end < seconds(at) => Err(webpki::Error::UnknownIssuer),
            _ => Ok(()),
        };
        let path = leaf.verify_for_usage(
            self.algorithms,
            &self.roots.anchors,
            intermediates,
            at,
            KeyUsage::server_auth(),
            None,
            Some(&refuse_ended),
        )?;
        leaf.verify_is_valid_for_subject_name(self.name)?;
        let ends = path
            .intermediate_certificates()
            .filter_map(|used| self.end_of(&used.der(), words))
            .chain(
                self.anchor_end(&path, words)
                    .filter(|end| *end >= seconds(at)),
            );
        Ok(ends.fold(leaf_words, i64::min))
    }

    fn end_of(&self, der: &CertificateDer<'_>, words: &[Certificate]) -> Option<i64> {
        self.chain
            .iter()
            .zip(words)
            .find(|(presented, _)| *presented == der)
            .map(|(_, words)| words.not_after)
    }

    /// The end of the path's anchor, where the anchor itself was presented.
    fn anchor_end(&self, path: &VerifiedPath<'_>, words: &[Certificate]) -> Option<i64> {
        let anchor = path.anchor();
        let is_anchor = |der: &CertificateDer<'_>| {
            webpki::anchor_from_trusted_cert(der).is_ok_and(|presented| {
                presented.subject == anchor.subject
                    && presented.subject_public_key_info == anchor.subject_public_key_info
            })
        };
        self.chain
            .iter()
            .zip(words)
            .skip(1)
            .find(|(der, _)| is_anchor(der))
            .map(|(_, words)| words.not_after)
    }

    /// The first instant at which no chain verifies any more.
    fn end(&self, now: UnixTime, words: &[Certificate]) -> i64 {
        let mut at = now;
        let mut ended = seconds(now);
        for round in 0..ROUNDS {
            match self.verify(at, words, round > 0) {
                Ok(end) => ended = end.saturating_add(1),
                Err(_) => break,
            }
            at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(ended).unwrap_or(0)));
        }
        ended
    }

    fn explain(
        &self,
        error: &webpki::Error,
        words: &[Certificate],
    ) -> (Distrust, CertificateError) {
        use FailureKind as Kind;
        let name = self.name.to_str();
        let leaf = words.first();
        let (kind, alert, message) = match error {
            webpki::Error::CertExpired { not_after, .. } => (
                Kind::TlsExpired,
                CertificateError::Expired,
                format!(
                    "a certificate of the chain ended at {}",
                    date(seconds(*not_after))
                ),
            ),
            webpki::Error::CertNotValidYet { not_before, .. } => (
                Kind::TlsNotYetValid,
                CertificateError::NotValidYet,
                format!(
                    "a certificate of the chain begins at {}",
                    date(seconds(*not_before))
                ),
            ),
            webpki::Error::CertNotValidForName(_) => (
                Kind::TlsNameMismatch,
                CertificateError::NotValidForName,
                format!(
                    "the certificate is for [{}], not for `{name}`",
                    leaf.map_or(String::new(), |l| l.names.join(", "))
                ),
            ),
            webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity => (
                Kind::TlsUnknownIssuer,
                CertificateError::UnknownIssuer,
                match self.roots.anchors.len() {
                    0 => "no certificate authority is trusted here; configure `tls.ca`".to_owned(),
                    _ => format!(
                        "no trusted authority stands behind `{}`",
                        leaf.map_or("", |leaf| leaf.issuer.as_str())
                    ),
                },
            ),
            // An authority that has changed its key, or somebody who borrows its name.
            webpki::Error::InvalidSignatureForPublicKey => (
                Kind::TlsUnknownIssuer,
                CertificateError::UnknownIssuer,
                format!(
                    "no trusted authority stands behind `{}`: one of that name has another key",
                    leaf.map_or("", |leaf| leaf.issuer.as_str())
                ),
            ),
            other => (
                Kind::TlsBadCertificate,
                CertificateError::BadEncoding,
                flaw(other),
            ),
        };
        (Distrust { kind, message }, alert)
    }
}

/// The library has names for what is bad, and no words.
fn flaw(error: &webpki::Error) -> String {
    let webpki::Error::RequiredEkuNotFoundContext(context) = error else {
        return format!("the chain is bad: {error}");
    };
    let purposes: Vec<&str> = context.present.iter().map(|oid| purpose(oid)).collect();
    format!(
        "the chain is bad: a certificate of it is not for servers; its extended key usage is [{}], without serverAuth",
        purposes.join(", ")
    )
}

/// From the last boundary up to now, to the next one.
fn boundaries(chain: &[Certificate], now: i64) -> std::ops::Range<i64> {
    let marks = || {
        chain
            .iter()
            .flat_map(|words| [words.not_before, words.not_after.saturating_add(1)])
    };
    let from = marks()
        .filter(|mark| *mark <= now)
        .max()
        .unwrap_or(i64::MIN);
    let until = marks().filter(|mark| *mark > now).min().unwrap_or(i64::MAX);
    from..until
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
