//! The page's files, as a browser gets them.

use super::{ASSETS, DOCUMENT, POLICY, ROOT, VERSION};
use crate::web::tests::ask;

/// The head in lower case, and the body.
async fn got(path: &str, headers: &str) -> (String, String) {
    let answer = ask(&format!("GET {path}"), headers).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn every_address_of_the_page_is_one_document() {
    for (path, root) in [
        ("/", "./"),
        ("/checks/web", "../"),
        ("/checks/shop/web%20one", "../../"),
        ("/runs/1a2b-3", "../"),
    ] {
        let (head, body) = got(path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        assert!(head.contains(&format!("content-security-policy: {POLICY}")));
        assert_eq!(body, DOCUMENT.text.replace(ROOT, root));
    }
    assert!(got("/runs", "").await.0.starts_with("http/1.1 404"));
}

#[tokio::test]
async fn a_file_has_its_type_and_is_sent_again_only_when_it_has_changed() {
    for asset in ASSETS {
        let (head, body) = got(asset.path, "If-None-Match: \"other\"\r\n").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains(&format!("content-type: {}", asset.content_type)));
        assert!(head.contains("cache-control: no-cache"), "{head}");
        assert_eq!(body, asset.text);
    }
    let kept = format!("If-None-Match: \"old\", W/{}\r\n", *VERSION);
    let (head, body) = got("/page/page.js", &kept).await;
    assert!(head.starts_with("http/1.1 304"), "{head}");
    assert!(head.contains(&format!("etag: {}", *VERSION)), "{head}");
    assert_eq!(body, "");
}

#[test]
fn every_file_that_is_named_is_served_and_nothing_is_inline() {
    for asset in ASSETS.iter().chain([&DOCUMENT]) {
        let named = asset.text.split('"').filter_map(|word| {
            let beside = word.strip_prefix("./").map(|name| format!("/page/{name}"));
            let below = || word.strip_prefix(ROOT).map(|path| format!("/{path}"));
            beside
                .or_else(below)
                .filter(|path| path.starts_with("/page/"))
        });
        for path in named {
            assert!(ASSETS.iter().any(|known| known.path == path), "{path}");
        }
        assert!(!asset.text.contains("innerHTML"), "{}", asset.path);
        assert!(!asset.text.contains("<style"), "{}", asset.path);
    }
    for from_the_top in [
        "href=\"/", "src=\"/", "\"/api", "`/api", "`/runs", "`/checks",
    ] {
        let all = || ASSETS.iter().chain([&DOCUMENT]);
        assert!(
            !all().any(|asset| asset.text.contains(from_the_top)),
            "{from_the_top}"
        );
    }
    assert!(!DOCUMENT.text.contains("<script>") && !DOCUMENT.text.contains(" style="));
}
