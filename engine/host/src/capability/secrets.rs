//! `leadsman:probe/secrets`: placeholders, never values.

use leadsman_core::{
    attempt::Cause,
    failure::{Failure, FailureKind},
};
use leadsman_net::Placeholder;

use crate::{bindings::leadsman::probe::secrets::Host, secrets::Secrets, state::GuestState};

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
}

impl GuestState {
    /// A placeholder; that there is none is a fact that the host keeps, whatever the guest says of it.
    fn stand_in(
        &self,
        name: &str,
        make: impl FnOnce(&Secrets) -> Result<Placeholder, String>,
    ) -> Result<String, String> {
        let placeholder = self.granted(name, make);
        if let Err(why) = &placeholder {
            let failure = Failure::new(FailureKind::SecretUnavailable, why.clone());
            self.trace.because(Cause::Refused { failure });
        }
        placeholder
    }

    /// Makes a placeholder and lets the session know it, where the secret is granted.
    fn granted(
        &self,
        name: &str,
        make: impl FnOnce(&Secrets) -> Result<Placeholder, String>,
    ) -> Result<String, String> {
        let granted = self
            .order
            .assignment
            .secrets
            .iter()
            .any(|secret| secret.as_str() == name);
        match &self.session {
            Some(session) if granted => {
                let placeholder = make(&self.secrets)?;
                let text = placeholder.text.clone();
                session.know(placeholder);
                Ok(text)
            }
            Some(_) => Err(format!(
                "the secret `{name}` is not granted: list it in the check's `grants.secrets`"
            )),
            None => Err(
                "secrets cannot be had while a probe describes itself or validates settings"
                    .to_owned(),
            ),
        }
    }
}
