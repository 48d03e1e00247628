//! What is no probe is refused when it is loaded and says why, and so does every run of it.

use std::{collections::HashSet, mem::discriminant, time::Duration};

use leadsman_core::{
    outcome::{Blame, Outcome, Reason},
    plan::Retry,
};
use leadsman_host::LoadError;
use leadsman_tests::{
    engine::{Trial, concluded, load},
    guests::component,
};

/// A component with this core module in it.
fn around(module: &str) -> Vec<u8> {
    let text = format!("(component (core module $m {module}) (core instance (instantiate $m)))");
    wat::parse_str(text).unwrap()
}

#[test]
fn what_is_no_probe_is_refused_when_it_is_loaded_and_says_why() {
    assert!(matches!(load(b"#!/bin/sh"), Err(LoadError::NotWasm)));
    assert!(matches!(
        load(&wat::parse_str("(module)").unwrap()),
        Err(LoadError::CoreModule)
    ));
    let whole = component("does_nothing").unwrap();
    assert!(matches!(
        load(&whole[..whole.len() / 2]),
        Err(LoadError::Malformed(_))
    ));
    let other_world = wat::parse_str("(component)").unwrap();
    let error = load(&other_world).unwrap_err().to_string();
    assert!(error.contains("leadsman:probe/check"), "{error}");
}

#[test]
fn an_import_that_is_never_granted_is_refused_by_name() {
    let wasi_http = r#"(component (import "wasi:http/types@0.2.0" (instance)))"#;
    let error = load(&wat::parse_str(wasi_http).unwrap()).unwrap_err();
    assert!(
        matches!(&error, LoadError::Import { import, .. } if import == "wasi:http/types@0.2.0"),
        "{error}"
    );
    assert!(
        error.to_string().contains("leadsman:http/client"),
        "{error}"
    );
    let own = r#"(component (import "corp:internal/keys" (instance)))"#;
    assert!(
        load(&wat::parse_str(own).unwrap())
            .unwrap_err()
            .to_string()
            .contains("corp:internal/keys")
    );
}

#[test]
fn every_run_of_what_could_not_be_loaded_says_why_and_is_not_repeated() {
    let whole = component("does_nothing").unwrap();
    let text = |text: &str| wat::parse_str(text).unwrap();
    let files = [
        vec![0; (64 << 20) + 1],
        text("(module)"),
        b"#!/bin/sh".to_vec(),
        b"\x7fELF\x02\x01\x01\0".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        text(r#"(component (import "corp:internal/keys" (instance)))"#),
        text("(component)"),
    ];
    let mute = LoadError::Describe("it did not answer within 5 s".to_owned());
    let refused = files.iter().map(|file| load(file).unwrap_err());
    let errors: Vec<LoadError> = refused.chain([mute]).collect();
    let kinds: HashSet<_> = errors.iter().map(discriminant).collect();
    assert_eq!(kinds.len(), 8, "each error is there once: {errors:?}");

    let retry = Retry {
        attempts: 2,
        delay: Duration::ZERO,
    };
    for error in errors {
        let why = error.to_string();
        let trial = Trial::of(Vec::<u8>::new(), "127.0.0.1:9").retry(retry);
        let record = trial.unloaded(&why);
        assert_eq!(
            concluded(&record),
            (Outcome::Unknown, Reason::ProbeLoad, Blame::Probe)
        );
        assert_eq!((&*record.sentence, record.attempts.len()), (&*why, 1));
    }
}

#[test]
fn what_the_sandbox_has_switched_off_is_refused_by_its_name() {
    for (module, named) in [
        ("(memory i64 1)", "memory64"),
        ("(memory 1 1 shared)", "shared memories"),
        ("(memory 1) (memory 1)", "multiple memories"),
        ("(type (struct (field i32)))", "gc types"),
        ("(type (array i8))", "gc types"),
        ("(tag)", "exceptions"),
        (
            "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
            "relaxed SIMD",
        ),
    ] {
        let refused = load(&around(module));
        let Err(LoadError::Malformed(why)) = &refused else {
            panic!("{module}: {refused:?}");
        };
        assert!(why.contains(named), "{module}: {why}");
    }
    // All else about them is in order.
    let plain = load(&around("(memory 1)"));
    assert!(matches!(&plain, Err(LoadError::World(_))), "{plain:?}");
}
