//! Reads the secrets of a plan: from files, from the environment, from the service manager.

use std::{env, fs, path::Path};

use leadsman_core::{
    digest,
    plan::{Plan, SecretSource},
};
use leadsman_host::{Secret, Secrets};

/// Reads every secret; one that cannot be read is kept as the reason why, and its runs end as
/// `secret_unavailable`.
///
/// With them comes a digest that tells whether another reading would be the same.
pub fn read(plan: &Plan) -> (Secrets, String) {
    let digest = digest(plan);
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
    (Secrets::new(secrets.collect()), digest)
}

/// A digest of all values as they are now.
pub fn digest(plan: &Plan) -> String {
    let values = plan.secrets.iter();
    let values: Vec<_> = values
        .map(|(name, secret)| (name, value(&secret.source)))
        .collect();
    digest::sha256(format!("{values:?}").as_bytes())
}

fn value(source: &SecretSource) -> Result<String, String> {
    match source {
        SecretSource::Env(name) => {
            env::var(name).map_err(|error| format!("the environment variable `{name}`: {error}"))
        }
        SecretSource::File(path) => file(path),
        SecretSource::Credential(name) => {
            let folder = env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                format!("the credential `{name}`: there is no `CREDENTIALS_DIRECTORY`; the unit needs `LoadCredential={name}:PATH`")
            })?;
            file(&Path::new(&folder).join(name))
        }
    }
}

fn file(path: &Path) -> Result<String, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    Ok(text
        .strip_suffix('\n')
        .map_or_else(|| text.clone(), str::to_owned))
}
