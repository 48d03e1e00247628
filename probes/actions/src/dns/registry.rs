//! IANA's registry of DNS parameters, as far as people write names of it.

/// SOA's record type.
pub const SOA: u16 = 6;

const TYPES: [(&str, u16); 34] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", SOA),
    ("PTR", 12),
    ("HINFO", 13),
    ("MX", 15),
    ("TXT", 16),
    ("RP", 17),
    ("AFSDB", 18),
    ("AAAA", 28),
    ("LOC", 29),
    ("SRV", 33),
    ("NAPTR", 35),
    ("CERT", 37),
    ("DNAME", 39),
    ("DS", 43),
    ("SSHFP", 44),
    ("RRSIG", 46),
    ("NSEC", 47),
    ("DNSKEY", 48),
    ("NSEC3", 50),
    ("NSEC3PARAM", 51),
    ("TLSA", 52),
    ("SMIMEA", 53),
    ("CDS", 59),
    ("CDNSKEY", 60),
    ("OPENPGPKEY", 61),
    ("CSYNC", 62),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("ANY", 255),
    ("URI", 256),
    ("CAA", 257),
];

const CLASSES: [(&str, u16); 5] = [("IN", 1), ("CH", 3), ("HS", 4), ("NONE", 254), ("ANY", 255)];

const RCODES: [(&str, u16); 15] = [
    ("NOERROR", 0),
    ("FORMERR", 1),
    ("SERVFAIL", 2),
    ("NXDOMAIN", 3),
    ("NOTIMP", 4),
    ("REFUSED", 5),
    ("YXDOMAIN", 6),
    ("YXRRSET", 7),
    ("NXRRSET", 8),
    ("NOTAUTH", 9),
    ("NOTZONE", 10),
    ("BADVERS", 16),
    ("BADKEY", 17),
    ("BADTIME", 18),
    ("BADCOOKIE", 23),
];

/// A record type by its name, or `TYPE65534` (RFC 3597).
pub fn record_type(name: &str) -> Option<u16> {
    known(&TYPES, name, "TYPE")
}

/// A class by its name, or `CLASS254`.
pub fn class(name: &str) -> Option<u16> {
    known(&CLASSES, name, "CLASS")
}

/// A response code by its name.
pub fn rcode(name: &str) -> Option<u16> {
    known(&RCODES, name, "RCODE")
}

/// A response code's name.
pub fn rcode_name(code: u16) -> String {
    name(&RCODES, code, "RCODE")
}

/// A record type's name.
pub fn type_name(code: u16) -> String {
    name(&TYPES, code, "TYPE")
}

/// A class's name.
pub fn class_name(code: u16) -> String {
    name(&CLASSES, code, "CLASS")
}

fn known(table: &[(&str, u16)], name: &str, prefix: &str) -> Option<u16> {
    let upper = name.to_ascii_uppercase();
    let listed = table
        .iter()
        .find(|(known, _)| *known == upper)
        .map(|(_, code)| *code);
    listed.or_else(|| upper.strip_prefix(prefix)?.parse().ok())
}

fn name(table: &[(&str, u16)], code: u16, prefix: &str) -> String {
    let listed = table.iter().find(|(_, known)| *known == code);
    listed.map_or_else(|| format!("{prefix}{code}"), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_to_each_other() {
        assert_eq!(record_type("mx"), Some(15));
        assert_eq!(record_type("TYPE65534"), Some(65534));
        assert_eq!(record_type("MXX"), None);
        assert_eq!(
            (type_name(28), type_name(65534)),
            ("AAAA".to_owned(), "TYPE65534".to_owned())
        );
        assert_eq!(
            (rcode("nxdomain"), rcode_name(3)),
            (Some(3), "NXDOMAIN".to_owned())
        );
        assert_eq!((class("CH"), class_name(1)), (Some(3), "IN".to_owned()));
    }
}
