//! `leadsman:http/client`: exchanges, one crossing each.

use bytes::Bytes;
use leadsman_core::{
    failure::Failure,
    seam::{Answer, Call, HttpCall, RedirectScope},
};
use wasmtime::component::Resource;

use super::facts::FailureHandle;
use crate::{
    bindings::leadsman::http::client::{Host, HostPending, Request, Response},
    options::{Options, bad_request},
    pending::{Answered, Pending, Pollable},
    state::GuestState,
    trace::Trace,
};

/// Redirects followed unless the guest says otherwise, and at most: to ask for more is refused.
const REDIRECTS: (u8, u8) = (10, 20);

/// Bytes of body read unless the guest says otherwise, and at most: to ask for more is refused.
const BODY: (u64, u64) = (1 << 20, 16 << 20);

/// A call, and whether the body is copied into the guest.
struct Asked {
    call: HttpCall,
    deliver: bool,
}

impl Host for GuestState {
    async fn send(
        &mut self,
        request: Request,
    ) -> wasmtime::Result<Result<Response, Resource<FailureHandle>>> {
        self.crossed();
        let asked = match asked(request, &self.trace) {
            Ok(asked) => asked,
            Err(failure) => return Ok(Err(self.failed(&failure, None)?)),
        };
        let answered = self.perform(Call::Http(Box::new(asked.call))).await?;
        respond(self, &answered, asked.deliver).await
    }

    fn start(&mut self, request: Request) -> wasmtime::Result<Resource<Pending>> {
        self.crossed();
        let pending = match asked(request, &self.trace) {
            Ok(asked) => {
                let mut pending = GuestState::start(self, Call::Http(Box::new(asked.call)))?;
                pending.deliver = asked.deliver;
                pending
            }
            Err(failure) => Self::already(Answer::Http(Err(failure))),
        };
        Ok(self.table.push(pending)?)
    }

    fn cookie(
        &mut self,
        session: u32,
        url: String,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        self.crossed();
        let jar = self.session.as_ref();
        Ok(jar.and_then(|sessions| sessions.cookie(session, &url, &name)))
    }
}

impl HostPending for GuestState {
    fn subscribe(&mut self, handle: Resource<Pending>) -> wasmtime::Result<Resource<Pollable>> {
        self.crossed();
        self.pollable(&handle)
    }

    async fn finish(
        &mut self,
        handle: Resource<Pending>,
    ) -> wasmtime::Result<Result<Response, Resource<FailureHandle>>> {
        self.crossed();
        let (answered, deliver) = self.finished(&handle).await?;
        match answered {
            Some(answered) => respond(self, &answered, deliver).await,
            None => Ok(Err(self.taken()?)),
        }
    }

    fn drop(&mut self, handle: Resource<Pending>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

async fn respond(
    state: &mut GuestState,
    answered: &Answered,
    deliver: bool,
) -> wasmtime::Result<Result<Response, Resource<FailureHandle>>> {
    let Answer::Http(Ok(reply)) = answered.answer.as_ref() else {
        return Ok(Err(state.failure_in(answered)?));
    };
    if deliver {
        state.works_on(reply.body.len()).await;
    }
    let facts = state.facts_of(&answered.answer)?;
    Ok(Ok(Response {
        status: reply.status,
        headers: reply
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.to_vec()))
            .collect(),
        body: deliver.then(|| reply.body.to_vec()),
        facts,
    }))
}

/// What is asked for, after the step that it opens has been opened.
fn asked(request: Request, trace: &Trace) -> Result<Asked, Failure> {
    let mut options = Options::new(request.options);
    if let Some(step) = options.text("step")? {
        trace.carry(&step);
    }
    let deliver = options.flag("deliver-body", false)?;
    let call = HttpCall {
        session: session(&mut options)?,
        redirects: redirects(&mut options)?,
        max_redirects: max_redirects(&mut options)?,
        version: options.text("version")?,
        family: options.family()?,
        resolve_to: options.text("resolve-to")?,
        tls: options.tls()?,
        timeout: options.number("timeout")?,
        max_body: options.at_most("max-body", BODY.0, BODY.1)?,
        decompress: options.flag("decompress", true)?,
        method: request.method,
        url: request.url,
        headers: request
            .headers
            .into_iter()
            .map(|(name, value)| (name, Bytes::from(value)))
            .collect(),
        body: Bytes::from(request.body),
    };
    options.finish()?;
    Ok(Asked { call, deliver })
}

fn session(options: &mut Options) -> Result<Option<u32>, Failure> {
    match options.number("session")? {
        None => Ok(None),
        Some(number) => u32::try_from(number)
            .map(Some)
            .map_err(|_| bad_request("the option `session` takes a number below 2^32")),
    }
}

fn max_redirects(options: &mut Options) -> Result<u8, Failure> {
    let number = options.at_most("max-redirects", REDIRECTS.0.into(), REDIRECTS.1.into())?;
    Ok(u8::try_from(number).unwrap_or(REDIRECTS.1))
}

fn redirects(options: &mut Options) -> Result<RedirectScope, Failure> {
    match options.text("redirects")?.as_deref() {
        None | Some("any") => Ok(RedirectScope::Any),
        Some("none") => Ok(RedirectScope::None),
        Some("same-origin") => Ok(RedirectScope::SameOrigin),
        Some("same-site") => Ok(RedirectScope::SameSite),
        Some(other) => Err(bad_request(format!(
            "the option `redirects` takes `none`, `same-origin`, `same-site` or `any`, not `{other}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use leadsman_core::{failure::FailureKind, limits::Limits};

    use super::*;
    use crate::bindings::leadsman::net::types::Value;

    fn with(name: &str, number: u64) -> Result<HttpCall, Failure> {
        let request = Request {
            method: "GET".to_owned(),
            url: "http://t/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            options: vec![(name.to_owned(), Value::Number(number))],
        };
        asked(request, &Trace::new(Limits::default(), None)).map(|asked| asked.call)
    }

    #[test]
    fn what_is_asked_for_is_in_force_up_to_the_ceiling_and_refused_above_it() {
        assert_eq!(with("max-body", 16 << 20).unwrap().max_body, 16 << 20);
        assert_eq!(with("max-redirects", 20).unwrap().max_redirects, 20);
        for (name, number) in [
            ("max-body", (16 << 20) + 1),
            ("max-redirects", 21),
            // As one byte it would be 4.
            ("max-redirects", 260),
        ] {
            let failure = with(name, number).unwrap_err();
            assert_eq!(failure.kind, FailureKind::BadRequest, "{name}");
            let told = format!("`{name}` is {number}, and takes at most");
            assert!(failure.message.contains(&told), "{failure}");
        }
    }
}
