//! The connections there are. Whoever comes is let in: where the house is full, somebody else goes.

use std::{
    cmp::Reverse,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    limits::{CONNECTIONS, CONNECTIONS_OF_ONE},
    pulse::Pulse,
};

/// All connections of a daemon.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<Vec<Open>>,
}

#[derive(Debug)]
struct Open {
    peer: IpAddr,
    pulse: Arc<Pulse>,
}

/// One connection's place; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    pulse: Arc<Pulse>,
}

impl Connections {
    /// Lets a client in. Who goes for it is of the same address, where that has too many already; else of
    /// the address that has the most. Who rests goes before who is being answered, and who does so for
    /// longest goes first.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Place {
        let peer = neighbourhood(peer);
        let pulse = Arc::new(Pulse::default());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if count(&open, peer) >= CONNECTIONS_OF_ONE {
            evict(&mut open, Some(peer));
        }
        if open.len() >= CONNECTIONS {
            evict(&mut open, None);
        }
        open.push(Open {
            peer,
            pulse: Arc::clone(&pulse),
        });
        Place {
            connections: Arc::clone(self),
            pulse,
        }
    }
}

fn count(open: &[Open], peer: IpAddr) -> usize {
    open.iter().filter(|one| one.peer == peer).count()
}

/// Ends the connection that is missed least: of one address, or of all.
fn evict(open: &mut Vec<Open>, peer: Option<IpAddr>) {
    let least = open
        .iter()
        .enumerate()
        .filter(|(_, one)| peer.is_none_or(|peer| one.peer == peer))
        .min_by_key(|(_, one)| {
            let (is_busy, since) = one.pulse.rank();
            (is_busy, Reverse(count(open, one.peer)), since)
        });
    if let Some(index) = least.map(|(index, _)| index) {
        open.swap_remove(index).pulse.evict();
    }
}

/// Whoever has one IPv6 address has a whole /64.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four @ IpAddr::V4(_) => four,
    }
}

impl Place {
    pub(super) const fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .connections
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.retain(|one| !Arc::ptr_eq(&one.pulse, &self.pulse));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    async fn fill(connections: &Arc<Connections>) -> Vec<Place> {
        let mut places = Vec::new();
        for number in 0..CONNECTIONS {
            places.push(
                connections.enter(address(u8::try_from(number / CONNECTIONS_OF_ONE).unwrap())),
            );
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        places
    }

    fn evicted(places: &[Place]) -> Vec<usize> {
        let gone = places.iter().enumerate();
        gone.filter(|(_, place)| place.pulse.is_evicted())
            .map(|(index, _)| index)
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_too_many_loses_the_one_that_rests_longest() {
        let connections = Arc::<Connections>::default();
        let places = fill(&connections).await;
        let busy = places[16].pulse.asked();
        let _more = connections.enter(address(1));
        assert_eq!(evicted(&places), [17]);
        drop(busy);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_house_lets_a_stranger_in_and_never_grows() {
        let connections = Arc::<Connections>::default();
        let places = fill(&connections).await;
        let _stranger = connections.enter(address(200));
        assert_eq!(evicted(&places), [0]);
        let _another = connections.enter(address(201));
        // The first address has one less now.
        assert_eq!(evicted(&places), [0, 16]);
        assert_eq!(connections.open.lock().unwrap().len(), CONNECTIONS);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_rests_the_answer_that_takes_longest_ends() {
        let connections = Arc::<Connections>::default();
        let places = fill(&connections).await;
        let mut asked: Vec<_> = Vec::new();
        for place in places.iter().rev() {
            asked.push(place.pulse.asked());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let _stranger = connections.enter(address(200));
        assert_eq!(evicted(&places), [CONNECTIONS - 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_when_its_connection_has_ended() {
        let connections = Arc::<Connections>::default();
        drop(connections.enter(address(1)));
        assert!(connections.open.lock().unwrap().is_empty());
    }

    #[test]
    fn the_addresses_of_one_network_are_one_neighbour() {
        let same = |one: &str, other: &str| {
            neighbourhood(one.parse().unwrap()) == neighbourhood(other.parse().unwrap())
        };
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
