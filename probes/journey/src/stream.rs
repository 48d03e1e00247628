//! A step's dialogue over a stream, and its question to a DNS server.

use std::time::Duration;

use leadsman_probe_actions::{
    dns::{self, DnsSettings},
    tcp::{self, Octets, TcpSettings},
};
use leadsman_sdk::prelude::*;
use serde_json::Value;

use crate::variables::{Place, Variable, Variables};

/// Holds a dialogue; what it captures are variables from then on.
pub(crate) fn hold(
    settings: &TcpSettings,
    pointer: &str,
    (target, variables): (&Target, &mut Variables<'_>),
    left: Option<Duration>,
) -> Result<()> {
    let filled = filled_dialogue(settings, variables)?;
    let mut connect = filled.connect(target)?;
    if let Some(left) = left {
        connect = connect.timeout(left);
    }
    let stream = connect.open()?.limited(left);
    for (index, exchange) in filled.dialogue.iter().enumerate() {
        report::about(&format!("{pointer}/dialogue/{index}"));
        tcp::hold(&stream, exchange, index, |name, value, secret| {
            let value = Value::String(value.to_owned());
            variables.set(name, Variable { value, secret }).map(drop)
        })?;
    }
    report::about("");
    Ok(())
}

fn filled_dialogue(settings: &TcpSettings, variables: &Variables<'_>) -> Result<TcpSettings> {
    let mut filled = settings.clone();
    fill(filled.address.iter_mut().collect(), variables)?;
    for exchange in &mut filled.dialogue {
        if let Some(send) = &mut exchange.send {
            *send = variables.fill_around_groups(send)?;
        }
        let bytes = [&mut exchange.expect_bytes, &mut exchange.send_bytes];
        let texts = bytes.into_iter().flatten().filter_map(Octets::text_mut);
        fill(texts.collect(), variables)?;
    }
    Ok(filled)
}

/// Asks a question; everything that is not met is told.
pub(crate) fn ask(
    settings: &DnsSettings,
    pointer: &str,
    variables: &Variables<'_>,
    left: Option<Duration>,
) -> Result<leadsman_sdk::dns::Answer> {
    let mut filled = settings.clone();
    let texts = [&mut filled.query, &mut filled.r#type];
    fill(
        texts.into_iter().chain(filled.server.iter_mut()).collect(),
        variables,
    )?;
    let sections = [
        &mut filled.answers,
        &mut filled.authority,
        &mut filled.additional,
    ];
    for section in sections.into_iter().flatten() {
        let values = [
            &mut section.any,
            &mut section.all,
            &mut section.none,
            &mut section.only,
        ];
        fill(values.into_iter().flatten().collect(), variables)?;
    }
    let mut question = filled.question("system")?;
    if let Some(left) = left {
        question = question.timeout(left);
    }
    let answer = question.send()?;
    let mut expect = Expectations::below(pointer);
    dns::check(&filled, &answer, &mut expect)?;
    expect.done()?;
    Ok(answer)
}

fn fill(texts: Vec<&mut String>, variables: &Variables<'_>) -> Result<()> {
    for text in texts {
        *text = variables.fill(text, Place::Plain)?;
    }
    Ok(())
}
