//! An authority of OpenSSL's, and the certificates that it signs.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::process::tool;

/// When a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub(super) enum Validity {
    /// From now, for this many days.
    Days(u32),
    /// Between two moments, as `20210101000000Z`.
    Between(&'static str, &'static str),
}

/// An authority in a folder of its own.
#[derive(Debug)]
pub(super) struct Authority {
    folder: PathBuf,
}

/// Where a certificate and its key are.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

const EC: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];

impl Authority {
    /// A new authority; its certificate is `ca.pem` in the folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self::called("Authority", folder)
    }

    /// The same by a name of its own: two of one name are taken for each other, until a signature is looked at.
    pub(super) fn called(name: &str, folder: &Path) -> Self {
        let authority = Self {
            folder: folder.to_owned(),
        };
        let text = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = {0}/index\nnew_certs_dir = {0}\nrand_serial = yes\n\
             default_md = sha256\npolicy = any\nunique_subject = no\ncopy_extensions = copy\n[any]\ncommonName = supplied\n\
             [req]\ndistinguished_name = any\n",
            folder.display()
        );
        fs::write(folder.join("ca.cnf"), text).expect("the folder of the test can be written");
        fs::write(folder.join("index"), "").expect("the folder of the test can be written");
        let request = format!(
            "req -x509 -config ca.cnf -days 365 -subj /CN={name} -keyout ca.key -out ca.pem \
             -addext basicConstraints=critical,CA:true -addext subjectKeyIdentifier=hash"
        );
        authority.openssl(&request, &EC);
        authority
    }

    /// A certificate for a name or an address, signed by this authority.
    pub(super) fn signs(&self, name: &str, validity: Validity) -> Certificate {
        let kind = name.parse::<IpAddr>().map_or("DNS", |_| "IP");
        let request = format!(
            "req -new -config ca.cnf -subj /CN={name} -addext subjectAltName={kind}:{name} -keyout {name}.key -out {name}.csr"
        );
        self.openssl(&request, &EC);
        let when = match validity {
            Validity::Days(days) => format!("-days {days}"),
            Validity::Between(begin, end) => format!("-startdate {begin} -enddate {end}"),
        };
        self.openssl(&format!("ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in {name}.csr -out {name}.pem {when}"), &[]);
        self.named(name)
    }

    /// A certificate that nobody but its own key has signed.
    pub(super) fn self_signed(&self, name: &str) -> Certificate {
        self.openssl(&format!("req -x509 -config ca.cnf -days 30 -subj /CN={name} -addext subjectAltName=DNS:{name} -keyout {name}.key -out {name}.pem"), &EC);
        self.named(name)
    }

    fn named(&self, name: &str) -> Certificate {
        Certificate {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
        }
    }

    fn openssl(&self, arguments: &str, more: &[&str]) {
        let mut command = Command::new(tool("openssl"));
        command
            .current_dir(&self.folder)
            .args(arguments.split_whitespace())
            .args(more);
        let output = command.output().expect("openssl can be started");
        assert!(
            output.status.success(),
            "openssl {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
