//! Who sits in which slot: a check-target keeps its slot, and its account, over every reload.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_core::{
    id::{CheckId, TargetName},
    plan::Check,
};

/// A slot, and who has it: a slot is given to another check-target, a serial never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// The slot in the runner, the roster and telemetry.
    pub slot: u32,
    /// The occupant's number.
    pub serial: u64,
}

/// The seats of a plan.
#[derive(Debug, Clone, Default)]
pub struct Arrangement {
    /// For each check in order, the seats of its assignments in order.
    pub seats: Vec<Vec<Seat>>,
    /// Slots whose check-targets are gone.
    pub left: Vec<u32>,
}

/// Slots that can be given away: the runner says so when their last run has ended.
#[derive(Debug, Clone, Default)]
pub struct Vacancies(Arc<Mutex<Vec<u32>>>);

impl Vacancies {
    /// The slot is nobody's.
    pub fn add(&self, slot: u32) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(slot);
    }

    fn take(&self) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Those that nobody has now.
    pub fn list(&self) -> Vec<u32> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Every check-target's seat.
#[derive(Debug, Default)]
pub struct Seats {
    taken: BTreeMap<(CheckId, TargetName), Seat>,
    vacancies: Vacancies,
    slots: u32,
    serials: u64,
}

impl Seats {
    /// Where vacant slots are told.
    pub fn vacancies(&self) -> Vacancies {
        self.vacancies.clone()
    }

    /// Seats for these checks. A check that `was` another one takes its seats.
    pub fn arrange<C: Borrow<Check>>(&mut self, checks: &[C]) -> Arrangement {
        let mut before = std::mem::take(&mut self.taken);
        let kept: Vec<Vec<Option<Seat>>> = checks
            .iter()
            .map(|check| kept(check.borrow(), &mut before))
            .collect();
        let left = before.values().map(|seat| seat.slot).collect();
        let pairs = checks.iter().zip(kept);
        let seats = pairs.map(|(check, kept)| self.seat(check.borrow(), kept));
        let seats = seats.collect();
        Arrangement { seats, left }
    }

    fn seat(&mut self, check: &Check, kept: Vec<Option<Seat>>) -> Vec<Seat> {
        let pairs = check.assignments.iter().zip(kept);
        let seats: Vec<Seat> = pairs
            .map(|(assignment, kept)| {
                let seat = kept.unwrap_or_else(|| self.vacant());
                let key = (check.id.clone(), assignment.target.clone());
                self.taken.insert(key, seat);
                seat
            })
            .collect();
        seats
    }

    fn vacant(&mut self) -> Seat {
        self.serials += 1;
        let slot = self.vacancies.take().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        });
        Seat {
            slot,
            serial: self.serials,
        }
    }
}

/// The seats that a check takes over, by its own id or by one that it had.
fn kept(check: &Check, before: &mut BTreeMap<(CheckId, TargetName), Seat>) -> Vec<Option<Seat>> {
    let ids = || std::iter::once(&check.id).chain(&check.was);
    let mut find =
        |target: &TargetName| ids().find_map(|id| before.remove(&(id.clone(), target.clone())));
    let targets = check.assignments.iter();
    targets.map(|assignment| find(&assignment.target)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::tests::fixture::check;

    fn slots(arrangement: &Arrangement) -> Vec<Vec<u32>> {
        let slots = |seats: &Vec<Seat>| seats.iter().map(|seat| seat.slot).collect();
        arrangement.seats.iter().map(slots).collect()
    }

    #[test]
    fn who_stays_keeps_the_seat_and_a_left_one_is_given_away_when_it_is_vacant() {
        let mut seats = Seats::default();
        let (one, two) = (
            check("one", "http", &["a", "b"]),
            check("two", "http", &["a"]),
        );
        let first = seats.arrange(&[one.clone(), two.clone()]);
        assert_eq!(slots(&first), [vec![0, 1], vec![2]]);
        let second = seats.arrange(std::slice::from_ref(&two));
        assert_eq!((slots(&second), second.left), (vec![vec![2]], vec![0, 1]));
        // Their last runs are still under way.
        let third = seats.arrange(&[check("new", "http", &["a"]), two.clone()]);
        assert_eq!(slots(&third), [vec![3], vec![2]]);
        seats.vacancies().add(1);
        let fourth = seats.arrange(&[one, two]);
        assert_eq!(slots(&fourth), [vec![1, 4], vec![2]]);
        assert_ne!(fourth.seats[0][0].serial, first.seats[0][1].serial);
    }

    #[test]
    fn a_check_that_was_another_one_takes_its_seats() {
        let mut seats = Seats::default();
        let before = seats.arrange(&[check("old", "http", &["a", "b"])]);
        let mut renamed = check("new", "http", &["b", "c"]);
        renamed.was = vec![CheckId::new("old").unwrap()];
        let after = seats.arrange(&[renamed]);
        assert_eq!(after.seats[0][0], before.seats[0][1]);
        assert_eq!(after.left, [before.seats[0][0].slot]);
    }
}
