//! Every path that a source file names: what it imports, one by one, and what it writes out.

use syn::{
    UseTree,
    visit::{self, Visit},
};

/// The paths of a file, their parts joined by `::`.
pub(super) fn paths(source: &str) -> Vec<String> {
    let file = syn::parse_file(source).expect("what compiles can be parsed");
    let mut named = Named::default();
    named.visit_file(&file);
    named.0
}

#[derive(Default)]
struct Named(Vec<String>);

impl Named {
    fn imported(&mut self, before: &str, tree: &UseTree) {
        let below = |name: &syn::Ident| match before {
            "" => name.to_string(),
            before => format!("{before}::{name}"),
        };
        match tree {
            UseTree::Path(path) => self.imported(&below(&path.ident), &path.tree),
            UseTree::Name(name) => self.0.push(below(&name.ident)),
            UseTree::Rename(renamed) => self.0.push(below(&renamed.ident)),
            UseTree::Glob(_) => self.0.push(format!("{before}::*")),
            UseTree::Group(group) => {
                let trees = group.items.iter();
                trees.for_each(|tree| self.imported(before, tree));
            }
        }
    }
}

impl<'a> Visit<'a> for Named {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.imported("", &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.0.push(parts.join("::"));
        visit::visit_path(self, path);
    }
}

#[test]
fn a_path_is_found_however_it_is_written() {
    let source = "
        use std::{env, fs as files, net::{TcpStream, *}, time::{Duration, Instant}};
        fn f() { let now = std::time::SystemTime::now(); Instant::now(); tokio::spawn(async {}); }
    ";
    let found = paths(source);
    for expected in [
        "std::env",
        "std::fs",
        "std::net::TcpStream",
        "std::net::*",
        "std::time::SystemTime::now",
        "Instant::now",
        "tokio::spawn",
    ] {
        assert!(
            found.iter().any(|path| path == expected),
            "{expected}: {found:?}"
        );
    }
}
