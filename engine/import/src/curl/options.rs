//! curl's options: which take a value, and what becomes of each.

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It becomes a part of the step.
    Apply,
    /// It changes nothing that is sent or expected.
    Quiet,
    /// It is not carried over, for this reason.
    Leave(&'static str),
}

use Fate::{Apply, Leave, Quiet};

const IDENTITY: &str = "name the certificate and its key under `tls: {identities: …}` and write `identity: NAME` in the request";
const TRUST: &str =
    "name the authorities under `tls: {trust: …}` and write `trust: NAME` in the request";
const PROXY: &str = "a probe goes to its target directly, never through a proxy";
const FILES: &str = "a journey sends no multipart forms and no files";
const SIGN_IN: &str = "a journey signs in with `basic`, `bearer`, `oauth2` or `sign`";
const RETRY: &str = "a check is tried again by its own `retries`, or a step by `until`";
const OTHER: &str = "a journey has nothing like it";

/// Why an option that is in no table is left out.
pub(super) const UNKNOWN: &str =
    "curl has no such option that is known here; it is taken for one without a value";

/// An option as it was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) long: &'static str,
    pub(super) valued: bool,
    pub(super) fate: Fate,
}

/// Whether the option signs in by something else than basic authentication, so that the password is never sent as it is.
pub(super) fn signs_in_otherwise(long: &str) -> bool {
    matches!(
        long,
        "anyauth" | "aws-sigv4" | "digest" | "negotiate" | "ntlm" | "ntlm-wb"
    )
}

/// The option of this long name, or of a beginning that only one has.
pub(super) fn long(name: &str) -> Option<Known> {
    let exact = TABLE.iter().find(|row| row.0 == name);
    let mut begun = TABLE.iter().filter(|row| row.0.starts_with(name));
    let only = match (begun.next(), begun.next()) {
        (Some(row), None) => Some(row),
        _ => None,
    };
    exact.or(only).map(known)
}

/// The option of this letter.
pub(super) fn short(letter: char) -> Option<Known> {
    TABLE.iter().find(|row| row.1 == Some(letter)).map(known)
}

type Row = (&'static str, Option<char>, bool, Fate);

fn known(&(long, _, valued, fate): &Row) -> Known {
    Known { long, valued, fate }
}

/// Long name, letter, whether it takes a value, fate.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("abstract-unix-socket", None, true, Leave(OTHER)),
    ("alt-svc", None, true, Leave(OTHER)),
    ("anyauth", None, false, Leave(SIGN_IN)),
    ("append", Some('a'), false, Leave(OTHER)),
    ("aws-sigv4", None, true, Leave(SIGN_IN)),
    ("basic", None, false, Quiet),
    ("ca-native", None, false, Leave(TRUST)),
    ("cacert", None, true, Leave(TRUST)),
    ("capath", None, true, Leave(TRUST)),
    ("cert", Some('E'), true, Leave(IDENTITY)),
    ("cert-status", None, false, Leave(OTHER)),
    ("cert-type", None, true, Leave(IDENTITY)),
    ("ciphers", None, true, Leave(OTHER)),
    ("compressed", None, false, Quiet),
    ("compressed-ssh", None, false, Leave(OTHER)),
    ("config", Some('K'), true, Leave(OTHER)),
    ("connect-timeout", None, true, Leave(OTHER)),
    ("connect-to", None, true, Apply),
    ("continue-at", Some('C'), true, Leave(OTHER)),
    ("cookie", Some('b'), true, Apply),
    ("cookie-jar", Some('c'), true, Quiet),
    ("create-dirs", None, false, Quiet),
    ("create-file-mode", None, true, Quiet),
    ("crlf", None, false, Leave(OTHER)),
    ("crlfile", None, true, Leave(TRUST)),
    ("curves", None, true, Leave(OTHER)),
    ("data", Some('d'), true, Apply),
    ("data-ascii", None, true, Apply),
    ("data-binary", None, true, Apply),
    ("data-raw", None, true, Apply),
    ("data-urlencode", None, true, Apply),
    ("delegation", None, true, Leave(SIGN_IN)),
    ("digest", None, false, Leave(SIGN_IN)),
    ("disable", Some('q'), false, Quiet),
    ("disable-eprt", None, false, Leave(OTHER)),
    ("disable-epsv", None, false, Leave(OTHER)),
    ("disallow-username-in-url", None, false, Leave(OTHER)),
    ("dns-interface", None, true, Leave(OTHER)),
    ("dns-ipv4-addr", None, true, Leave(OTHER)),
    ("dns-ipv6-addr", None, true, Leave(OTHER)),
    ("dns-servers", None, true, Leave(OTHER)),
    ("doh-cert-status", None, false, Leave(OTHER)),
    ("doh-insecure", None, false, Leave(OTHER)),
    ("doh-url", None, true, Leave(OTHER)),
    ("dump-header", Some('D'), true, Quiet),
    ("ech", None, true, Leave(OTHER)),
    ("egd-file", None, true, Leave(OTHER)),
    ("engine", None, true, Leave(OTHER)),
    ("etag-compare", None, true, Leave(OTHER)),
    ("etag-save", None, true, Leave(OTHER)),
    ("expect100-timeout", None, true, Quiet),
    ("fail", Some('f'), false, Apply),
    ("fail-early", None, false, Quiet),
    ("fail-with-body", None, false, Apply),
    ("false-start", None, false, Leave(OTHER)),
    ("follow", None, false, Leave(OTHER)),
    ("form", Some('F'), true, Leave(FILES)),
    ("form-escape", None, false, Leave(FILES)),
    ("form-string", None, true, Leave(FILES)),
    ("ftp-account", None, true, Leave(OTHER)),
    ("ftp-alternative-to-user", None, true, Leave(OTHER)),
    ("ftp-create-dirs", None, false, Leave(OTHER)),
    ("ftp-method", None, true, Leave(OTHER)),
    ("ftp-pasv", None, false, Leave(OTHER)),
    ("ftp-port", Some('P'), true, Leave(OTHER)),
    ("ftp-pret", None, false, Leave(OTHER)),
    ("ftp-skip-pasv-ip", None, false, Leave(OTHER)),
    ("ftp-ssl-ccc", None, false, Leave(OTHER)),
    ("ftp-ssl-ccc-mode", None, true, Leave(OTHER)),
    ("ftp-ssl-control", None, false, Leave(OTHER)),
    ("get", Some('G'), false, Apply),
    ("globoff", Some('g'), false, Apply),
    ("happy-eyeballs-timeout-ms", None, true, Quiet),
    ("haproxy-clientip", None, true, Leave(PROXY)),
    ("haproxy-protocol", None, false, Leave(PROXY)),
    ("head", Some('I'), false, Apply),
    ("header", Some('H'), true, Apply),
    ("help", Some('h'), true, Quiet),
    ("hostpubmd5", None, true, Leave(OTHER)),
    ("hostpubsha256", None, true, Leave(OTHER)),
    ("hsts", None, true, Leave(OTHER)),
    ("http0.9", None, false, Leave(OTHER)),
    ("http1.0", Some('0'), false, Leave(OTHER)),
    ("http1.1", None, false, Apply),
    ("http2", None, false, Apply),
    ("http2-prior-knowledge", None, false, Apply),
    ("http3", None, false, Leave(OTHER)),
    ("http3-only", None, false, Leave(OTHER)),
    ("ignore-content-length", None, false, Leave(OTHER)),
    ("include", Some('i'), false, Quiet),
    ("insecure", Some('k'), false, Apply),
    ("interface", None, true, Leave(OTHER)),
    ("ip-tos", None, true, Leave(OTHER)),
    ("ipfs-gateway", None, true, Leave(OTHER)),
    ("ipv4", Some('4'), false, Apply),
    ("ipv6", Some('6'), false, Apply),
    ("json", None, true, Apply),
    ("junk-session-cookies", Some('j'), false, Leave(OTHER)),
    ("keepalive-cnt", None, true, Leave(OTHER)),
    ("keepalive-time", None, true, Quiet),
    ("key", None, true, Leave(IDENTITY)),
    ("key-type", None, true, Leave(IDENTITY)),
    ("krb", None, true, Leave(OTHER)),
    ("libcurl", None, true, Quiet),
    ("limit-rate", None, true, Leave(OTHER)),
    ("list-only", Some('l'), false, Leave(OTHER)),
    ("local-port", None, true, Leave(OTHER)),
    ("location", Some('L'), false, Apply),
    ("location-trusted", None, false, Apply),
    ("login-options", None, true, Leave(SIGN_IN)),
    ("mail-auth", None, true, Leave(OTHER)),
    ("mail-from", None, true, Leave(OTHER)),
    ("mail-rcpt", None, true, Leave(OTHER)),
    ("mail-rcpt-allowfails", None, false, Leave(OTHER)),
    ("manual", Some('M'), false, Quiet),
    ("max-filesize", None, true, Leave(OTHER)),
    ("max-redirs", None, true, Apply),
    ("max-time", Some('m'), true, Apply),
    ("metalink", None, false, Leave(OTHER)),
    ("mptcp", None, false, Leave(OTHER)),
    ("negotiate", None, false, Leave(SIGN_IN)),
    ("netrc", Some('n'), false, Leave(SIGN_IN)),
    ("netrc-file", None, true, Leave(SIGN_IN)),
    ("netrc-optional", None, false, Leave(SIGN_IN)),
    ("next", Some(':'), false, Apply),
    ("no-alpn", None, false, Leave(OTHER)),
    ("no-buffer", Some('N'), false, Quiet),
    ("no-clobber", None, false, Quiet),
    ("no-keepalive", None, false, Quiet),
    ("no-npn", None, false, Leave(OTHER)),
    ("no-progress-meter", None, false, Quiet),
    ("no-sessionid", None, false, Quiet),
    ("noproxy", None, true, Leave(PROXY)),
    ("ntlm", None, false, Leave(SIGN_IN)),
    ("ntlm-wb", None, false, Leave(SIGN_IN)),
    ("oauth2-bearer", None, true, Apply),
    ("out-null", None, false, Quiet),
    ("output", Some('o'), true, Quiet),
    ("output-dir", None, true, Quiet),
    ("parallel", Some('Z'), false, Quiet),
    ("parallel-immediate", None, false, Quiet),
    ("parallel-max", None, true, Quiet),
    ("pass", None, true, Leave(IDENTITY)),
    ("path-as-is", None, false, Leave(OTHER)),
    ("pinnedpubkey", None, true, Leave(OTHER)),
    ("post301", None, false, Leave(OTHER)),
    ("post302", None, false, Leave(OTHER)),
    ("post303", None, false, Leave(OTHER)),
    ("preproxy", None, true, Leave(PROXY)),
    ("progress-bar", Some('#'), false, Quiet),
    ("proto", None, true, Leave(OTHER)),
    ("proto-default", None, true, Leave(OTHER)),
    ("proto-redir", None, true, Leave(OTHER)),
    ("proxy", Some('x'), true, Leave(PROXY)),
    ("proxy-anyauth", None, false, Leave(PROXY)),
    ("proxy-basic", None, false, Leave(PROXY)),
    ("proxy-ca-native", None, false, Leave(PROXY)),
    ("proxy-cacert", None, true, Leave(PROXY)),
    ("proxy-capath", None, true, Leave(PROXY)),
    ("proxy-cert", None, true, Leave(PROXY)),
    ("proxy-cert-type", None, true, Leave(PROXY)),
    ("proxy-ciphers", None, true, Leave(PROXY)),
    ("proxy-crlfile", None, true, Leave(PROXY)),
    ("proxy-digest", None, false, Leave(PROXY)),
    ("proxy-header", None, true, Leave(PROXY)),
    ("proxy-http2", None, false, Leave(PROXY)),
    ("proxy-insecure", None, false, Leave(PROXY)),
    ("proxy-key", None, true, Leave(PROXY)),
    ("proxy-key-type", None, true, Leave(PROXY)),
    ("proxy-negotiate", None, false, Leave(PROXY)),
    ("proxy-ntlm", None, false, Leave(PROXY)),
    ("proxy-pass", None, true, Leave(PROXY)),
    ("proxy-pinnedpubkey", None, true, Leave(PROXY)),
    ("proxy-service-name", None, true, Leave(PROXY)),
    ("proxy-ssl-allow-beast", None, false, Leave(PROXY)),
    ("proxy-ssl-auto-client-cert", None, false, Leave(PROXY)),
    ("proxy-tls13-ciphers", None, true, Leave(PROXY)),
    ("proxy-tlsauthtype", None, true, Leave(PROXY)),
    ("proxy-tlspassword", None, true, Leave(PROXY)),
    ("proxy-tlsuser", None, true, Leave(PROXY)),
    ("proxy-tlsv1", None, false, Leave(PROXY)),
    ("proxy-user", Some('U'), true, Leave(PROXY)),
    ("proxy1.0", None, true, Leave(PROXY)),
    ("proxytunnel", Some('p'), false, Leave(PROXY)),
    ("pubkey", None, true, Leave(OTHER)),
    ("quote", Some('Q'), true, Leave(OTHER)),
    ("random-file", None, true, Leave(OTHER)),
    ("range", Some('r'), true, Apply),
    ("rate", None, true, Leave(OTHER)),
    ("raw", None, false, Leave(OTHER)),
    ("referer", Some('e'), true, Apply),
    ("remote-header-name", Some('J'), false, Quiet),
    ("remote-name", Some('O'), false, Quiet),
    ("remote-name-all", None, false, Quiet),
    ("remote-time", Some('R'), false, Quiet),
    ("remove-on-error", None, false, Quiet),
    ("request", Some('X'), true, Apply),
    ("request-target", None, true, Leave(OTHER)),
    ("resolve", None, true, Apply),
    ("retry", None, true, Leave(RETRY)),
    ("retry-all-errors", None, false, Leave(RETRY)),
    ("retry-connrefused", None, false, Leave(RETRY)),
    ("retry-delay", None, true, Leave(RETRY)),
    ("retry-max-time", None, true, Leave(RETRY)),
    ("sasl-authzid", None, true, Leave(OTHER)),
    ("sasl-ir", None, false, Leave(OTHER)),
    ("service-name", None, true, Leave(SIGN_IN)),
    ("show-error", Some('S'), false, Quiet),
    ("sigalgs", None, true, Leave(OTHER)),
    ("silent", Some('s'), false, Quiet),
    ("skip-existing", None, false, Quiet),
    ("socks4", None, true, Leave(PROXY)),
    ("socks4a", None, true, Leave(PROXY)),
    ("socks5", None, true, Leave(PROXY)),
    ("socks5-basic", None, false, Leave(PROXY)),
    ("socks5-gssapi", None, false, Leave(PROXY)),
    ("socks5-gssapi-nec", None, false, Leave(PROXY)),
    ("socks5-gssapi-service", None, true, Leave(PROXY)),
    ("socks5-hostname", None, true, Leave(PROXY)),
    ("speed-limit", Some('Y'), true, Leave(OTHER)),
    ("speed-time", Some('y'), true, Leave(OTHER)),
    ("ssl", None, false, Leave(OTHER)),
    ("ssl-allow-beast", None, false, Leave(OTHER)),
    ("ssl-auto-client-cert", None, false, Leave(OTHER)),
    ("ssl-no-revoke", None, false, Leave(OTHER)),
    ("ssl-reqd", None, false, Leave(OTHER)),
    ("ssl-revoke-best-effort", None, false, Leave(OTHER)),
    ("sslv2", Some('2'), false, Leave(OTHER)),
    ("sslv3", Some('3'), false, Leave(OTHER)),
    ("stderr", None, true, Quiet),
    ("styled-output", None, false, Quiet),
    ("suppress-connect-headers", None, false, Quiet),
    ("tcp-fastopen", None, false, Quiet),
    ("tcp-nodelay", None, false, Quiet),
    ("telnet-option", Some('t'), true, Leave(OTHER)),
    ("tftp-blksize", None, true, Leave(OTHER)),
    ("tftp-no-options", None, false, Leave(OTHER)),
    ("time-cond", Some('z'), true, Leave(OTHER)),
    ("tls-earlydata", None, false, Leave(OTHER)),
    ("tls-max", None, true, Apply),
    ("tls13-ciphers", None, true, Leave(OTHER)),
    ("tlsauthtype", None, true, Leave(OTHER)),
    ("tlspassword", None, true, Leave(OTHER)),
    ("tlsuser", None, true, Leave(OTHER)),
    ("tlsv1", Some('1'), false, Apply),
    ("tlsv1.0", None, false, Leave(OTHER)),
    ("tlsv1.1", None, false, Leave(OTHER)),
    ("tlsv1.2", None, false, Apply),
    ("tlsv1.3", None, false, Apply),
    ("tr-encoding", None, false, Leave(OTHER)),
    ("trace", None, true, Quiet),
    ("trace-ascii", None, true, Quiet),
    ("trace-config", None, true, Quiet),
    ("trace-ids", None, false, Quiet),
    ("trace-time", None, false, Quiet),
    ("unix-socket", None, true, Leave(OTHER)),
    ("upload-file", Some('T'), true, Leave(FILES)),
    ("upload-flags", None, true, Leave(OTHER)),
    ("url", None, true, Apply),
    ("url-query", None, true, Apply),
    ("use-ascii", Some('B'), false, Leave(OTHER)),
    ("user", Some('u'), true, Apply),
    ("user-agent", Some('A'), true, Apply),
    ("variable", None, true, Leave(OTHER)),
    ("verbose", Some('v'), false, Quiet),
    ("version", Some('V'), false, Quiet),
    ("vlan-priority", None, true, Leave(OTHER)),
    ("write-out", Some('w'), true, Quiet),
    ("xattr", None, false, Quiet),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Imported, Options, import};

    /// A value that the option takes.
    fn value(long: &str) -> &'static str {
        match long {
            "connect-to" => "a.example:443:192.0.2.7:8443",
            "header" => "x-a: b",
            "max-redirs" => "3",
            "max-time" => "2.5",
            "range" => "0-9",
            "resolve" => "a.example:443:192.0.2.7",
            "tls-max" => "1.2",
            "url" => "https://a.example/b",
            "user" => "a:b",
            _ => "a=b",
        }
    }

    /// What stands beside the option, so that it can change something.
    fn beside(long: &str) -> &'static str {
        match long {
            "get" => "https://a.example/ -d c=d",
            "globoff" => "'https://a.example/?a=[1-2]'",
            "next" => "-f https://a.example/",
            _ => "https://a.example/",
        }
    }

    fn imported(line: &str) -> Imported {
        import(Format::Curl, line, &Options::default()).unwrap_or_else(|error| Imported {
            yaml: String::new(),
            left: vec![crate::Left {
                line: error.line,
                what: line.to_owned(),
                why: error.message,
            }],
        })
    }

    #[test]
    fn every_option_of_curl_is_in_the_journey_or_told_or_changes_nothing_that_is_sent() {
        for (long, _, valued, fate) in TABLE {
            let written = if *valued {
                format!("--{long} '{}'", value(long))
            } else {
                format!("--{long}")
            };
            let plain = imported(&format!("curl {} https://a.example/c", beside(long)));
            let with = imported(&format!(
                "curl {} {written} https://a.example/c",
                beside(long)
            ));
            let told = with.left.len() > plain.left.len();
            let changed = with.yaml != plain.yaml;
            let seen = match fate {
                Apply => changed || told || MEANT.contains(long),
                // A jar joins the commands of several processes, which is seen in the journey as a whole.
                Quiet => (!changed || *long == "cookie-jar") && !told,
                Leave(why) => with.left.iter().any(|left| left.why.contains(why)),
            };
            assert!(seen, "{written}: {:?}\n{}", with.left, with.yaml);
        }
    }

    /// What is so in a journey without being said: over TLS, HTTP/2 is agreed upon where both sides speak it.
    const MEANT: [&str; 1] = ["http2"];
}
