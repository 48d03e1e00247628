//! What is told of the input: enough to find it there, and nothing that may be secret.

/// Longest text that is taken for a name, in characters.
const LONGEST_NAME: usize = 40;

/// An address without a user, a password and its query.
pub(crate) fn address(written: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let schemed = written.split_once("://");
    let (scheme, rest) = match schemed.filter(|(scheme, _)| scheme.chars().all(plain)) {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), written),
    };
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => host,
        // What looks like a host may be a user, and a password with one of these signs in it.
        None if path.contains('@') && !has_port_at_most(authority) => return format!("{scheme}…"),
        None => authority,
    };
    let path = path.split('#').next().unwrap_or_default();
    match path.split_once('?') {
        Some((path, _)) => format!("{scheme}{host}{path}?…"),
        None => format!("{scheme}{host}{path}"),
    }
}

/// Whether nothing but a port stands behind a colon; a variable is told with one before it.
fn has_port_at_most(authority: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    let parts = authority.rsplit_once(':');
    parts.is_none_or(|(host, port)| host.is_empty() || digits(port))
}

/// A row or a header field: its name.
pub(crate) fn row(written: &str) -> String {
    let written = written.trim();
    let ends = |c: char| c.is_whitespace() || matches!(c, ':' | '=');
    let end = written.find(ends).unwrap_or(written.len());
    let (name, rest) = written.split_at_checked(end).unwrap_or((written, ""));
    let between = match rest.chars().next() {
        Some(c @ (':' | '=')) => c.to_string(),
        _ => String::new(),
    };
    match rest.trim_start_matches(ends) {
        _ if name.chars().count() > LONGEST_NAME => "…".to_owned(),
        "" => format!("{name}{between}"),
        _ if between == "=" => format!("{name}=…"),
        _ => format!("{name}{between} …"),
    }
}

/// A command: the program.
pub(crate) fn command(written: &str) -> String {
    let written = written.trim();
    let other = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '/' | '_' | '-'));
    let end = written.find(other).unwrap_or(written.len());
    let name = written.get(..end).unwrap_or_default();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return "…".to_owned();
    }
    if name == written {
        return name.to_owned();
    }
    format!("{name} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_without_its_user_its_password_and_its_query() {
        for (written, told) in [
            ("https://a.example/{x,y}", "https://a.example/{x,y}"),
            (
                "https://admin:hunter22@a.example/x#y",
                "https://a.example/x",
            ),
            ("admin:hunter22@a.example/x", "a.example/x"),
            ("https://admin:hunt@er22@:host/x", "https://:host/x"),
            ("https://:host/@me", "https://:host/@me"),
            ("http://[::1]:80/x?token=a&ids[]=1", "http://[::1]:80/x?…"),
            ("https://a.example:8443/@me", "https://a.example:8443/@me"),
            ("https://admin:hun/ter22@a.example/", "https://…"),
            ("https://admin:hun?ter22@a.example/", "https://…"),
            ("a.example/x?next=https://b.example", "a.example/x?…"),
        ] {
            assert_eq!(address(written), told, "{written}");
        }
    }

    #[test]
    fn a_row_is_told_by_its_name() {
        for (written, told) in [
            ("password: hunter22", "password: …"),
            ("password:hunter22", "password: …"),
            ("Authorization Bearer abc", "Authorization …"),
            ("X-Token=abc", "X-Token=…"),
            ("Host:", "Host:"),
            ("lone", "lone"),
            ("", ""),
        ] {
            assert_eq!(row(written), told, "{written}");
        }
        assert_eq!(row(&"a1".repeat(21)), "…");
    }

    #[test]
    fn a_command_is_told_by_its_program() {
        for (written, told) in [
            (" jq .", "jq …"),
            ("curl -u bob:hunter22 B", "curl …"),
            ("TOKEN=abc curl B", "TOKEN …"),
            ("/bin/sh", "/bin/sh"),
            ("'a", "…"),
        ] {
            assert_eq!(command(written), told, "{written}");
        }
    }
}
