//! The binary itself. Cargo builds it for this test, and the proving ground finds it beside its own.

use std::process::Command;

#[test]
fn the_command_says_its_version_and_refuses_what_it_does_not_know() {
    let leadsman = env!("CARGO_BIN_EXE_leadsman");
    let version = Command::new(leadsman).arg("--version").output().unwrap();
    assert!(version.status.success());
    assert_eq!(
        String::from_utf8_lossy(&version.stdout).trim(),
        concat!("leadsman ", env!("CARGO_PKG_VERSION"))
    );
    let unknown = Command::new(leadsman).arg("sail").output().unwrap();
    assert_eq!(unknown.status.code(), Some(64));
}
