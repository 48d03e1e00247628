//! For which address families this machine has a route, asked without sending anything.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::Mutex,
    time::Duration,
};

use leadsman_core::seam::Family;
use tokio::time::Instant;

const KEPT: Duration = Duration::from_secs(5);
const FAR_V4: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), 53);
const FAR_V6: SocketAddr = SocketAddr::new(
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888)),
    53,
);

/// Which families to use, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
    pub(crate) v4_first: bool,
}

/// The routes of this machine, looked at every few seconds.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<Option<(Instant, Order)>>);

impl Routes {
    /// Those of a machine that a test speaks of: to IPv4, to IPv6, for longer than the test takes.
    #[cfg(test)]
    pub(crate) fn known(routes: [bool; 2]) -> Self {
        let later = Instant::now() + Duration::from_hours(1);
        Self(Mutex::new(Some((later, routed(routes)))))
    }

    /// The families to use for a wish.
    pub(crate) fn order(&self, family: Family) -> Order {
        match family {
            Family::Auto => self.auto(),
            Family::V4 => Order {
                v4: true,
                v6: false,
                v4_first: true,
            },
            Family::V6 => Order {
                v4: false,
                v6: true,
                v4_first: false,
            },
            Family::PreferV4 => Order {
                v4: true,
                v6: true,
                v4_first: true,
            },
            Family::PreferV6 => Order {
                v4: true,
                v6: true,
                v4_first: false,
            },
        }
    }

    fn auto(&self) -> Order {
        let now = Instant::now();
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match *kept {
            Some((at, order)) if now.duration_since(at) < KEPT => order,
            _ => kept.insert((now, look())).1,
        }
    }
}

fn look() -> Order {
    routed([FAR_V4, FAR_V6].map(has_route))
}

/// Without any route both families are tried, so that the failure is the network's own word.
const fn routed([v4, v6]: [bool; 2]) -> Order {
    let neither = !v4 && !v6;
    Order {
        v4: v4 || neither,
        v6: v6 || neither,
        v4_first: false,
    }
}

fn has_route(far: SocketAddr) -> bool {
    let any: IpAddr = if far.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    UdpSocket::bind((any, 0)).is_ok_and(|socket| socket.connect(far).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_without_a_route_are_left_out_unless_there_is_none_at_all() {
        for (routes, used) in [
            ([true, true], [true, true]),
            ([true, false], [true, false]),
            ([false, true], [false, true]),
            ([false, false], [true, true]),
        ] {
            let order = routed(routes);
            assert_eq!([order.v4, order.v6], used, "{routes:?}");
        }
    }

    #[test]
    fn a_route_is_one_that_the_kernel_would_take() {
        assert!(has_route(SocketAddr::from(([127, 0, 0, 1], 53))));
        // Nobody may send to everybody without having asked for that.
        assert!(!has_route(SocketAddr::from(([255, 255, 255, 255], 53))));
    }
}
