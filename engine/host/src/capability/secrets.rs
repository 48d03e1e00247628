//! `leadsman:probe/secrets`: placeholders, never values.

use leadsman_core::{
    attempt::Cause,
    failure::{Failure, FailureKind},
};
use leadsman_net::{Placeholder, Session};

use crate::{
    bindings::leadsman::probe::secrets::Host,
    secrets::{self, Secrets},
    state::GuestState,
};

impl Host for GuestState {
    fn placeholder(
        &mut self,
        name: String,
        encoding: String,
    ) -> wasmtime::Result<Result<String, String>> {
        self.crossed();
        Ok(self.stand_in(&name, |secrets| secrets.placeholder(&name, &encoding)))
    }

    fn basic(
        &mut self,
        user: String,
        password_name: String,
    ) -> wasmtime::Result<Result<String, String>> {
        self.crossed();
        Ok(self.stand_in(&password_name, |secrets| {
            secrets.basic(&user, &password_name)
        }))
    }

    fn hmac(
        &mut self,
        name: String,
        algorithm: String,
        message: Vec<u8>,
        encoding: String,
    ) -> wasmtime::Result<Result<String, String>> {
        self.crossed();
        let code = self.granted(&name).and_then(|session| {
            let message = session.secrets().open(&message);
            self.secrets.hmac(&name, &algorithm, &message, &encoding)
        });
        self.refused(&code);
        Ok(code)
    }

    fn seal(
        &mut self,
        value: Vec<u8>,
        encoding: String,
    ) -> wasmtime::Result<Result<String, String>> {
        self.crossed();
        let Some(session) = &self.session else {
            return Ok(Err(ASKED.to_owned()));
        };
        // To seal what stands for a secret would bind that secret to other hosts than its own.
        if session.secrets().are_in(&value) {
            return Ok(secrets::sealed_already(value, &encoding));
        }
        let egress = &self.order.assignment.egress;
        let hosts: Vec<_> = egress
            .grants
            .iter()
            .chain(&egress.target)
            .cloned()
            .collect();
        Ok(
            secrets::seal(&value, &encoding, &hosts).map(|[plain, encoded]| {
                session.know(plain);
                let text = session.know(encoded);
                self.trace.hide(session.secrets());
                text
            }),
        )
    }
}

/// What a probe hears that wants a secret while it is only asked about itself.
const ASKED: &str = "secrets cannot be had while a probe describes itself or validates settings";

impl GuestState {
    /// Makes a placeholder and lets the session know it, where the secret is granted.
    fn stand_in(
        &self,
        name: &str,
        make: impl FnOnce(&Secrets) -> Result<Placeholder, String>,
    ) -> Result<String, String> {
        let placeholder = self
            .granted(name)
            .and_then(|session| Ok(session.know(make(&self.secrets)?)));
        self.refused(&placeholder);
        placeholder
    }

    /// That there is no secret is a fact that the host keeps, whatever the guest says of it.
    fn refused(&self, made: &Result<String, String>) {
        if let Err(why) = made {
            let failure = Failure::new(FailureKind::SecretUnavailable, why.clone());
            self.trace.because(Cause::Refused { failure });
        }
    }

    /// The session, if the check may use the secret.
    fn granted(&self, name: &str) -> Result<&Session, String> {
        let session = self.session.as_deref().ok_or(ASKED)?;
        let secrets = &self.order.assignment.secrets;
        if secrets.iter().any(|secret| secret.as_str() == name) {
            return Ok(session);
        }
        Err(format!(
            "the secret `{name}` is not granted: list it in the check's `grants.secrets`"
        ))
    }
}
