//! Reads the secrets of a plan: from files and from the environment.

use std::{env, fs};

use leadsman_core::plan::{Plan, SecretSource};
use leadsman_host::{Secret, Secrets};

/// Reads every secret; one that cannot be read is kept as the reason why, and its runs end as
/// `secret_unavailable`.
pub fn read(plan: &Plan) -> Secrets {
    let secrets = plan.secrets.iter().map(|(name, secret)| {
        let value = value(&secret.source);
        if let Err(why) = &value {
            tracing::warn!(secret = name.as_str(), %why, "a secret cannot be read");
        }
        (
            name.clone(),
            Secret {
                value: value.map(Into::into),
                hosts: secret.hosts.clone(),
            },
        )
    });
    Secrets::new(secrets.collect())
}

fn value(source: &SecretSource) -> Result<String, String> {
    match source {
        SecretSource::Env(name) => {
            env::var(name).map_err(|error| format!("the environment variable `{name}`: {error}"))
        }
        SecretSource::File(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("`{}`: {error}", path.display()))?;
            Ok(text
                .strip_suffix('\n')
                .map_or_else(|| text.clone(), str::to_owned))
        }
    }
}
