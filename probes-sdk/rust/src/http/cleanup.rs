//! What has to be done whatever happens.

use std::time::Duration;

use super::Session;
use crate::{Result, step};

/// What a walk leaves to be done when it has ended, in whatever way; the last thing first.
#[derive(Debug)]
pub struct Cleanup {
    /// It keeps nothing back: what was kept back is for it.
    session: Session,
    steps: Vec<Step>,
}

/// One thing to be done.
#[derive(Debug)]
struct Step {
    name: &'static str,
    method: &'static str,
    path: String,
    status: u16,
}

impl Cleanup {
    /// A step that deletes what has been made at a path, with the status that says so.
    pub fn delete(&mut self, name: &'static str, path: impl Into<String>, status: u16) {
        self.request(name, ("DELETE", path), status);
    }

    /// A step that sends a request without a body to a path, with the status that says that it was done.
    pub fn request(
        &mut self,
        name: &'static str,
        (method, path): (&'static str, impl Into<String>),
        status: u16,
    ) {
        self.steps.push(Step {
            name,
            method,
            path: path.into(),
            status,
        });
    }

    /// Each is done, whatever became of those before; the first thing that goes wrong is what it comes to.
    fn run(self) -> Result<()> {
        let session = self.session;
        let mut cleaned = Ok(());
        for due in self.steps.into_iter().rev() {
            let done = step(due.name, || {
                let answer = session.request(due.method, &due.path)?.send()?;
                answer.expect(due.status).map(drop)
            });
            cleaned = cleaned.and(done);
        }
        cleaned
    }
}

impl Session {
    /// Walks, and then does what the walk has left to be done, also where it ended early. What went wrong in the walk is
    /// what both come to, else what went wrong after it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use leadsman_sdk::prelude::*;
    ///
    /// fn buy(target: &Target) -> Result<Verdict> {
    ///     let shop = http::Session::of(target).reserve(Duration::from_secs(2));
    ///     shop.cleaning(|cleanup| {
    ///         let cart = shop.post("/cart")?.send()?.expect(201)?.text_at("/id")?;
    ///         cleanup.delete("delete", format!("/cart/{cart}"), 204);
    ///         step("read", || shop.get(&format!("/cart/{cart}"))?.send()?.expect(200))?;
    ///         Ok(Verdict::Pass)
    ///     })
    /// }
    ///
    /// # use leadsman_sdk::mock::{Mock, Reply};
    /// # #[probe]
    /// # fn cart(target: &Target, _: &NoSettings) -> Result<Verdict> { buy(target) }
    /// let run = Mock::new("https://shop.example")
    ///     .on("POST", "https://shop.example/cart", Reply::status(201).body(r#"{"id": "c1"}"#))
    ///     .on("GET", "https://shop.example/cart/c1", Reply::status(500))
    ///     .on("DELETE", "https://shop.example/cart/c1", Reply::status(204))
    ///     .run(cart);
    /// assert_eq!(run.verdict, Verdict::Fail);
    /// let steps: Vec<_> = run.steps.iter().map(|(name, ok)| (name.as_str(), *ok)).collect();
    /// assert_eq!(steps, [("read", Some(false)), ("delete", Some(true))]);
    /// ```
    pub fn cleaning<T>(&self, walk: impl FnOnce(&mut Cleanup) -> Result<T>) -> Result<T> {
        let mut cleanup = Cleanup {
            session: self.clone().reserve(Duration::ZERO),
            steps: Vec::new(),
        };
        let walked = walk(&mut cleanup);
        let cleaned = cleanup.run();
        walked.and_then(|value| cleaned.map(|()| value))
    }
}
