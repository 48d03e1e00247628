//! `templates`: named defaults that checks use and other templates extend.

use leadsman_core::id::ResourceName;

use super::{check::TEMPLATE, known, named, platform::Platform};
use crate::{
    layers::Layer,
    notes::{Notes, wrong},
    table::Table,
    tree::{Entry, Node},
};

/// The templates that a file's checks may use: its own above the platform's.
pub(super) struct Templates<'a> {
    all: Vec<Template<'a>>,
}

struct Template<'a> {
    name: ResourceName,
    /// How an origin names it.
    title: String,
    table: Table<'a>,
}

impl<'a> Templates<'a> {
    pub(super) fn read(own: Option<&'a Node>, platform: &'a Platform, notes: &Notes<'_>) -> Self {
        let theirs = platform.templates.as_ref();
        let is_platforms = own.is_some() && own == theirs;
        let theirs = theirs.filter(|_| !is_platforms);
        let opened = |(name, entry): (ResourceName, &'a Entry)| {
            let table = Table::open(&entry.node, TEMPLATE, notes)?;
            Some(Template::new(name, table))
        };
        let known = |(name, entry): (ResourceName, &'a Entry)| {
            Some(Template::new(name, Table::known(&entry.node)?))
        };
        let own = named(own, notes).into_iter().filter_map(opened);
        let theirs = named(theirs, notes).into_iter().filter_map(known);
        let templates = Self {
            all: own.chain(theirs).collect(),
        };
        templates.all.iter().for_each(|template| {
            templates.chain(template.table.get("extends"), notes);
        });
        templates
    }

    /// The layers of the template at `node`, and of what it extends, the innermost first.
    pub(super) fn chain(&'a self, node: Option<&Node>, notes: &Notes<'_>) -> Vec<Layer<'a>> {
        let mut layers: Vec<Layer<'a>> = Vec::new();
        let mut next = node;
        while let Some(node) = next {
            let Some(template) = self.find(node, notes) else {
                break;
            };
            if layers
                .iter()
                .any(|layer| layer.name == Some(&template.title))
            {
                let message = format!("the template `{}` extends itself", template.name);
                notes.say(node, wrong(message, "break the circle"));
                break;
            }
            layers.push(Layer {
                table: template.table,
                name: Some(&template.title),
            });
            next = template.table.get("extends");
        }
        layers
    }

    /// Every template with what it extends.
    pub(super) fn chains(&'a self, notes: &Notes<'_>) -> Vec<Vec<Layer<'a>>> {
        let chain = |template: &'a Template<'a>| {
            let first = Layer {
                table: template.table,
                name: Some(&template.title),
            };
            let extended = self.chain(template.table.get("extends"), notes);
            std::iter::once(first).chain(extended).collect()
        };
        self.all.iter().map(chain).collect()
    }

    fn find(&'a self, node: &Node, notes: &Notes<'_>) -> Option<&'a Template<'a>> {
        let text = notes.keep(node, node.expect_text("a template's name"))?;
        let all = self
            .all
            .iter()
            .map(|template| (template.name.as_str(), template));
        known(node, text, "template", all, notes)
    }
}

impl<'a> Template<'a> {
    fn new(name: ResourceName, table: Table<'a>) -> Self {
        Self {
            title: format!("template {name}"),
            name,
            table,
        }
    }
}
