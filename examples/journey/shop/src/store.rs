//! What the shop remembers, and no more of it than fits.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Fault, Options};

mod order;
mod random;

pub(crate) use order::{Item, Order, Status, item};
pub(crate) use random::random;

/// How many forms and sessions are remembered; the oldest are forgotten first.
const KEPT: usize = 1024;

/// How many orders there can be; then the shop is full, which leaking journeys are meant to notice.
const ORDERS: usize = 1024;

/// How long a session lasts.
pub(crate) const SESSION: Duration = Duration::from_mins(10);

/// Why the shop will not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not this session's order, or nobody's.
    NoSuchOrder,
    /// There are too many orders.
    Full,
}

/// Whom a token and a cookie belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) cookie: String,
    began: Instant,
}

/// The shop's books.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) password: String,
    pub(crate) slowness: Duration,
    ready_after: u32,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    fault: Fault,
    forms: VecDeque<String>,
    sessions: VecDeque<Session>,
    orders: BTreeMap<String, Order>,
    served: BTreeMap<String, u64>,
}

impl Store {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            password: options.password.clone(),
            slowness: options.slowness,
            ready_after: options.ready_after,
            books: Mutex::new(Books {
                fault: options.fault,
                forms: VecDeque::new(),
                sessions: VecDeque::new(),
                orders: BTreeMap::new(),
                served: BTreeMap::new(),
            }),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fault(&self) -> Fault {
        self.books().fault
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        self.books().fault = fault;
    }

    pub(crate) fn count(&self, what: String) {
        *self.books().served.entry(what).or_default() += 1;
    }

    pub(crate) fn served(&self) -> BTreeMap<String, u64> {
        self.books().served.clone()
    }

    /// Remembers the token of a form that is handed out.
    pub(crate) fn hand_out_form(&self, csrf: String) {
        keep(&mut self.books().forms, csrf);
    }

    pub(crate) fn knows_form(&self, csrf: &str) -> bool {
        self.books().forms.iter().any(|form| form == csrf)
    }

    pub(crate) fn open_session(&self, token: String, cookie: String) {
        let began = Instant::now();
        let session = Session {
            token,
            cookie,
            began,
        };
        keep(&mut self.books().sessions, session);
    }

    /// Whether a token and a cookie are those of one session that still lasts.
    pub(crate) fn is_signed_in(&self, token: &str, cookie: &str) -> bool {
        self.books().sessions.iter().any(|session| {
            session.token == token && session.cookie == cookie && session.began.elapsed() < SESSION
        })
    }

    /// Ends a session. Its orders stay: nobody has cancelled them.
    pub(crate) fn end_session(&self, token: &str) {
        let mut books = self.books();
        books.sessions.retain(|session| session.token != token);
    }

    pub(crate) fn add(&self, order: Order) -> Result<(), Refused> {
        let mut books = self.books();
        if books.orders.len() >= ORDERS {
            return Err(Refused::Full);
        }
        books.orders.insert(order.id.clone(), order);
        Ok(())
    }

    /// The order as it is at this look; looking is what makes it ready.
    pub(crate) fn look(&self, id: &str, token: &str) -> Result<Order, Refused> {
        let mut books = self.books();
        let never = books.fault == Fault::NeverReady;
        let order = of(&mut books.orders, id, token)?;
        order.looks = order.looks.saturating_add(1);
        if order.looks >= self.ready_after && !never {
            order.status = Status::Ready;
        }
        Ok(order.clone())
    }

    /// The order as it was at the last look.
    pub(crate) fn order(&self, id: &str, token: &str) -> Result<Order, Refused> {
        of(&mut self.books().orders, id, token).cloned()
    }

    pub(crate) fn cancel(&self, id: &str, token: &str) -> Result<(), Refused> {
        let mut books = self.books();
        of(&mut books.orders, id, token)?;
        books.orders.remove(id);
        Ok(())
    }

    pub(crate) fn open_orders(&self) -> usize {
        self.books().orders.len()
    }
}

fn of<'a>(
    orders: &'a mut BTreeMap<String, Order>,
    id: &str,
    token: &str,
) -> Result<&'a mut Order, Refused> {
    let order = orders.get_mut(id).filter(|order| order.owner == token);
    order.ok_or(Refused::NoSuchOrder)
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() >= KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
