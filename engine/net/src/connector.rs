//! The one way to a destination, for every protocol: admit, resolve once, judge every address, dial one.

use std::net::{IpAddr, SocketAddr};

use leadsman_core::{
    egress::{Destination, Egress, Via},
    failure::FailureKind,
    phase::Phase,
    seam::Family,
};
use tokio::{
    net::TcpStream,
    time::{Duration, Instant, timeout},
};

#[cfg(test)]
mod tests;

use crate::{Moment, Network, fault::Fault, kind_of, trace::Trace};

/// One way to go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route<'a> {
    pub(crate) destination: Destination<'a>,
    pub(crate) via: Via,
    pub(crate) family: Family,
    /// Where to dial instead, for the destination's sake.
    pub(crate) instead: Option<Destination<'a>>,
    pub(crate) limit: Instant,
}

impl<'a> Route<'a> {
    /// The plain way that a check asks for by itself.
    pub(crate) fn to(
        scheme: &'a str,
        host: &'a str,
        port: u16,
        family: Family,
        limit: Instant,
    ) -> Self {
        Self {
            destination: Destination { scheme, host, port },
            via: Via::Call,
            family,
            instead: None,
            limit,
        }
    }

    /// Refuses an address that is written out and not of the one family that the call allows. The
    /// location's own family stands back: who writes an address has chosen.
    fn takes(&self, literal: IpAddr) -> Result<(), Fault> {
        let wanted = match self.family {
            Family::V4 if literal.is_ipv6() => "v4",
            Family::V6 if literal.is_ipv4() => "v6",
            _ => return Ok(()),
        };
        let kind = match self.via {
            Via::Call => FailureKind::BadRequest,
            // The target chose it, not the configuration.
            Via::Redirect => FailureKind::DnsNodata,
        };
        Err(Fault::new(
            kind,
            format!("`{literal}` is no {wanted} address, and `family: {wanted}` allows no other"),
        ))
    }
}

/// The judged addresses of a route: the first to dial, and one of the other family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) first: SocketAddr,
    pub(crate) other: Option<SocketAddr>,
}

impl Network {
    /// Opens a connection; the trace learns the phases and the address.
    pub(crate) async fn dial(
        &self,
        trace: &mut Trace,
        egress: &Egress,
        route: &Route<'_>,
    ) -> Result<TcpStream, Fault> {
        let found = self.find(trace, egress, route).await?;
        open(trace, found, route.limit).await
    }

    /// Resolves and judges; nothing is sent to the destination.
    pub(crate) async fn find(
        &self,
        trace: &mut Trace,
        egress: &Egress,
        route: &Route<'_>,
    ) -> Result<Found, Fault> {
        egress.admits(&route.destination, route.via)?;
        let place = route.instead.unwrap_or(route.destination);
        if route.instead.is_some() {
            egress.admits(&place, route.via)?;
        }
        let addresses = if let Some(literal) = place.literal() {
            vec![literal]
        } else {
            trace.enter(Phase::Resolve);
            self.names()
                .addresses(place.host, self.routes().order(self.family(route.family)))
                .await?
        };
        if let Err(refusal) = egress.judge(&place, route.via, &addresses) {
            let is_refused = |address: &&IpAddr| {
                let alone = std::slice::from_ref(*address);
                egress.judge(&place, route.via, alone).is_err()
            };
            trace.facts.refused = addresses.iter().find(is_refused).copied();
            return Err(refusal.into());
        }
        if let Some(literal) = place.literal() {
            route.takes(literal)?;
        }
        choose(&addresses, place.port)
    }
}

/// Connects to the first address and, where that fails, to the one of the other family.
pub(crate) async fn open(
    trace: &mut Trace,
    found: Found,
    limit: Instant,
) -> Result<TcpStream, Fault> {
    trace.enter(Phase::Connect);
    trace.facts.remote = Some(found.first);
    let Some(other) = found.other else {
        return connect(found.first).await;
    };
    let share = limit.saturating_duration_since(Instant::now()) / 2;
    match first_try(found.first, share).await {
        Ok(stream) => Ok(stream),
        Err(fault) if is_ours(fault.kind) && fault.kind != FailureKind::LocalNetwork => Err(fault),
        Err(_) => {
            trace.facts.remote = Some(other);
            trace.facts.family_fallback = true;
            connect(other).await
        }
    }
}

fn choose(addresses: &[IpAddr], port: u16) -> Result<Found, Fault> {
    let first = *addresses
        .first()
        .ok_or_else(|| Fault::new(FailureKind::DnsNodata, "the name has no address"))?;
    let other = addresses
        .iter()
        .find(|address| address.is_ipv4() != first.is_ipv4());
    Ok(Found {
        first: SocketAddr::new(first, port),
        other: other.map(|address| SocketAddr::new(*address, port)),
    })
}

async fn first_try(address: SocketAddr, share: Duration) -> Result<TcpStream, Fault> {
    timeout(share, connect(address)).await.unwrap_or_else(|_| {
        Err(Fault::new(
            FailureKind::ConnectTimeout,
            format!("{address} did not answer"),
        ))
    })
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Fault> {
    let stream = TcpStream::connect(address).await.map_err(|error| {
        Fault::new(
            kind_of(&error, Moment::Connecting),
            format!("cannot connect to {address}: {error}"),
        )
    })?;
    stream.set_nodelay(true).map_err(|error| {
        Fault::new(
            kind_of(&error, Moment::Talking),
            format!("{address}: {error}"),
        )
    })?;
    Ok(stream)
}

/// Failures of this machine, which another address would not mend.
const fn is_ours(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::FdExhausted
            | FailureKind::PortExhausted
            | FailureKind::LocalResources
            | FailureKind::LocalNetwork
            | FailureKind::Internal
    )
}
