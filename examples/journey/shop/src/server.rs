//! A running shop: its listener, its tasks, and what is read and changed while it runs.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use axum::Router;
use tokio::runtime::{self, Runtime};

use crate::{Fault, Options, store::Store, web};

/// A shop that serves until it is dropped.
///
/// It brings a runtime of its own, so that it can be started from a plain test as well as from async code.
#[derive(Debug)]
pub struct Shop {
    address: SocketAddr,
    store: Arc<Store>,
    runtime: Option<Runtime>,
}

impl Shop {
    /// Starts it; it answers as soon as this returns.
    pub fn start(options: &Options) -> io::Result<Self> {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("shop")
            .enable_all()
            .build()?;
        let store = Arc::new(Store::new(options));
        let router = web::router(Arc::clone(&store));
        let address = serve(&runtime, options.listen, router)?;
        Ok(Self {
            address,
            store,
            runtime: Some(runtime),
        })
    }

    /// Lets the fault be read and changed over HTTP, at an address of its own that journeys do not see: `GET /faults`,
    /// `PUT /faults/{name}`, `GET /counters`.
    pub fn open_control(&self, listen: SocketAddr) -> io::Result<SocketAddr> {
        let runtime = self.runtime.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        serve(runtime, listen, web::control(Arc::clone(&self.store)))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what is wrong with it, from the next request on.
    pub fn set(&self, fault: Fault) {
        self.store.set_fault(fault);
    }

    /// What is wrong with it.
    pub fn fault(&self) -> Fault {
        self.store.fault()
    }

    /// How many requests of a kind have arrived, such as `POST /api/orders` or `GET /api/orders/{id}`; answered or not.
    pub fn served(&self, what: &str) -> u64 {
        self.store.served().get(what).copied().unwrap_or_default()
    }

    /// How many orders there are: what a journey that ended has left behind.
    pub fn open_orders(&self) -> usize {
        self.store.open_orders()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Ends every task without waiting, which async code must not do.
            runtime.shutdown_background();
        }
    }
}

fn serve(runtime: &Runtime, listen: SocketAddr, router: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let inside = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    drop(inside);
    runtime.spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
