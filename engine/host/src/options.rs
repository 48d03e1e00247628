//! Named options of an operation: taken one by one, and what is left over is an error that names it.

use leadsman_core::{
    failure::{Failure, FailureKind},
    seam::{Family, TlsOptions},
};

use crate::bindings::leadsman::net::types::Value;

/// The options that a guest set.
pub(crate) struct Options {
    left: Vec<(String, Value)>,
}

impl Options {
    pub(crate) fn new(options: Vec<(String, Value)>) -> Self {
        Self { left: options }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.left.iter().position(|(key, _)| key == name)?;
        Some(self.left.swap_remove(at).1)
    }

    pub(crate) fn flag(&mut self, name: &str, default: bool) -> Result<bool, Failure> {
        match self.take(name) {
            None => Ok(default),
            Some(Value::Flag(flag)) => Ok(flag),
            Some(_) => Err(wrong(name, "a flag")),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => Err(wrong(name, "a number")),
        }
    }

    /// A number with a ceiling. More is refused and not cut: what was asked for would seem to be in force.
    pub(crate) fn at_most(&mut self, name: &str, default: u64, most: u64) -> Result<u64, Failure> {
        let number = self.number(name)?.unwrap_or(default);
        if number > most {
            return Err(bad_request(format!(
                "the option `{name}` is {number}, and takes at most {most}"
            )));
        }
        Ok(number)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "a text")),
        }
    }

    pub(crate) fn family(&mut self) -> Result<Family, Failure> {
        match self.text("family")?.as_deref() {
            None | Some("auto") => Ok(Family::Auto),
            Some("v4") => Ok(Family::V4),
            Some("v6") => Ok(Family::V6),
            Some("prefer-v4") => Ok(Family::PreferV4),
            Some("prefer-v6") => Ok(Family::PreferV6),
            Some(_) => Err(wrong(
                "family",
                "`auto`, `v4`, `v6`, `prefer-v4` or `prefer-v6`",
            )),
        }
    }

    pub(crate) fn tls(&mut self) -> Result<TlsOptions, Failure> {
        Ok(TlsOptions {
            server_name: self.text("server-name")?,
            trust: self.text("trust")?,
            identity: self.text("identity")?,
            insecure: self.flag("insecure", false)?,
            min_version: self.text("tls-min")?,
            max_version: self.text("tls-max")?,
        })
    }

    /// What is left over is not known to this host.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(bad_request(format!(
                "this host does not know the option `{name}`"
            ))),
        }
    }
}

fn wrong(name: &str, expected: &str) -> Failure {
    bad_request(format!("the option `{name}` takes {expected}"))
}

/// A failure that says that the guest asked for what makes no sense.
pub(crate) fn bad_request(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_option_is_named() {
        let options = Options::new(vec![(
            "proxy".to_owned(),
            Value::Text("http://p".to_owned()),
        )]);
        let failure = options.finish().unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadRequest);
        assert_eq!(
            failure.message,
            "this host does not know the option `proxy`"
        );
    }

    #[test]
    fn an_option_above_its_ceiling_is_refused_with_both() {
        let asked = |number: Option<u64>| {
            let set = number.map(|number| ("max-body".to_owned(), Value::Number(number)));
            Options::new(set.into_iter().collect()).at_most("max-body", 10, 20)
        };
        assert_eq!(asked(None), Ok(10));
        assert_eq!(asked(Some(20)), Ok(20));
        let failure = asked(Some(21)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadRequest);
        assert_eq!(
            failure.message,
            "the option `max-body` is 21, and takes at most 20"
        );
    }

    #[test]
    fn an_option_of_the_wrong_type_says_what_it_takes() {
        let mut options = Options::new(vec![("family".to_owned(), Value::Text("v5".to_owned()))]);
        assert!(options.family().unwrap_err().message.contains("prefer-v4"));
    }
}
