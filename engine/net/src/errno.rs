//! Whose fault an I/O error is: a pure table from errno and moment to the kind of failure.

use std::io::{Error, ErrorKind};

use leadsman_core::failure::FailureKind;
use rustix::io::Errno;

/// What was being done when an I/O error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Opening a socket and connecting it.
    Connecting,
    /// Shaking hands for TLS.
    Handshaking,
    /// Talking over an open connection.
    Talking,
}

/// The kind of failure that an I/O error is.
pub fn kind_of(error: &Error, moment: Moment) -> FailureKind {
    if is_alert(error) {
        return FailureKind::TlsHandshake;
    }
    match Errno::from_io_error(error) {
        Some(errno) => of_errno(errno, moment),
        None => of_kind(error.kind(), moment),
    }
}

/// In TLS 1.3 a server judges the client's certificate when the client has long begun to talk.
fn is_alert(error: &Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::AlertReceived(_)))
}

fn of_errno(errno: Errno, moment: Moment) -> FailureKind {
    match errno {
        Errno::MFILE | Errno::NFILE => FailureKind::FdExhausted,
        Errno::ADDRNOTAVAIL | Errno::ADDRINUSE => FailureKind::PortExhausted,
        Errno::NETUNREACH | Errno::NETDOWN | Errno::AFNOSUPPORT => FailureKind::LocalNetwork,
        Errno::HOSTUNREACH | Errno::HOSTDOWN => FailureKind::HostUnreachable,
        Errno::CONNREFUSED => FailureKind::ConnectRefused,
        Errno::CONNRESET | Errno::CONNABORTED | Errno::PIPE => FailureKind::ConnectionReset,
        Errno::TIMEDOUT => timed_out(moment),
        _ => FailureKind::LocalResources,
    }
}

fn of_kind(kind: ErrorKind, moment: Moment) -> FailureKind {
    match (kind, moment) {
        (ErrorKind::TimedOut, _) => timed_out(moment),
        (ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe, _) => {
            FailureKind::ConnectionReset
        }
        (_, Moment::Handshaking) => FailureKind::TlsHandshake,
        (ErrorKind::UnexpectedEof, Moment::Talking) => FailureKind::ResponseTruncated,
        (ErrorKind::InvalidData | ErrorKind::InvalidInput, Moment::Talking) => {
            FailureKind::HttpProtocol
        }
        _ => FailureKind::Internal,
    }
}

const fn timed_out(moment: Moment) -> FailureKind {
    match moment {
        Moment::Connecting => FailureKind::ConnectTimeout,
        Moment::Handshaking => FailureKind::TlsTimeout,
        Moment::Talking => FailureKind::ResponseTimeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_tells_whose_fault_it_is() {
        let table = [
            (Errno::MFILE, FailureKind::FdExhausted),
            (Errno::NFILE, FailureKind::FdExhausted),
            (Errno::ADDRNOTAVAIL, FailureKind::PortExhausted),
            (Errno::NETUNREACH, FailureKind::LocalNetwork),
            (Errno::HOSTUNREACH, FailureKind::HostUnreachable),
            (Errno::CONNREFUSED, FailureKind::ConnectRefused),
            (Errno::CONNRESET, FailureKind::ConnectionReset),
            (Errno::PIPE, FailureKind::ConnectionReset),
            (Errno::TIMEDOUT, FailureKind::ConnectTimeout),
            (Errno::NOBUFS, FailureKind::LocalResources),
            (Errno::ACCESS, FailureKind::LocalResources),
        ];
        for (errno, kind) in table {
            let error = Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(kind_of(&error, Moment::Connecting), kind, "{errno:?}");
        }
    }

    #[test]
    fn an_alert_belongs_to_the_handshake_also_when_it_comes_late() {
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let error = Error::new(ErrorKind::InvalidData, alert);
        assert_eq!(kind_of(&error, Moment::Talking), FailureKind::TlsHandshake);
    }

    #[test]
    fn the_same_timeout_is_named_after_its_moment() {
        let error = Error::from(ErrorKind::TimedOut);
        assert_eq!(
            kind_of(&error, Moment::Handshaking),
            FailureKind::TlsTimeout
        );
        assert_eq!(
            kind_of(&error, Moment::Talking),
            FailureKind::ResponseTimeout
        );
        assert_eq!(
            kind_of(&ErrorKind::UnexpectedEof.into(), Moment::Talking),
            FailureKind::ResponseTruncated
        );
    }
}
