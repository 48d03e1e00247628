use super::*;

const SESSION: &str = include_str!("../../testdata/session.har");

#[test]
fn a_session_in_a_browser() {
    let found = shown(Format::Har, SESSION);
    assert!(!found.contains("planted"), "{found}");
    insta::assert_snapshot!("session", found);
}
