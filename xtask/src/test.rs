//! `cargo xtask test`: everything that a change has to pass, in order; the first failure ends it.

mod demo;
mod hurl;
mod nextest;
pub(crate) mod packages;
mod tools;

use std::{process::Command, time::Instant};

use crate::{cargo, failure::Failure, span, wasm};

/// What a step is called, its arguments for cargo, and what is set in its environment.
type Step = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

const STEPS: [Step; 5] = [
    ("format", &["fmt", "--all", "--check"], &[]),
    (
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    ),
    (
        "tests",
        &["nextest", "run", "--workspace", "--locked"],
        &[("INSTA_UPDATE", "no")],
    ),
    (
        "doctests",
        &["test", "--doc", "--workspace", "--locked"],
        &[("INSTA_UPDATE", "no")],
    ),
    (
        "docs",
        &["doc", "--workspace", "--no-deps", "--locked"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    ),
];

/// Runs all of them.
pub(crate) fn run() -> Result<(), Failure> {
    let start = Instant::now();
    wasm::ensure()?;
    packages::ensure_with(hurl::lacks())?;
    hurl::ensure()?;
    nextest::ensure()?;
    for (place, step) in STEPS.iter().enumerate() {
        take(place + 1, step)?;
    }
    demo::check()?;
    let (all, took) = (STEPS.len(), span::shown(start.elapsed()));
    println!("==> all {all} steps and the demo passed in {took}");
    Ok(())
}

fn take(number: usize, (name, arguments, environment): &Step) -> Result<(), Failure> {
    let start = Instant::now();
    println!(
        "==> {number}/{}: {name}: cargo {}",
        STEPS.len(),
        arguments.join(" ")
    );
    let mut step: Command = cargo::command();
    step.args(*arguments)
        .envs(environment.iter().copied())
        .env("PATH", tools::path()?);
    let status = step
        .status()
        .map_err(|error| Failure::new(format!("cargo cannot be run: {error}")))?;
    let took = span::shown(start.elapsed());
    if status.success() {
        println!("==> {number}/{}: {name}: passed in {took}", STEPS.len());
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Err(Failure::coded(
        format!("the step `{name}` failed after {took}"),
        code.unwrap_or(1),
    ))
}
