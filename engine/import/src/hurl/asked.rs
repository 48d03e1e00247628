//! What an entry sends: header fields, parameters, forms and bodies.

use super::{
    Importer,
    file::{Content, Entry, Row},
};
use crate::{
    address::Param,
    body,
    journey::{Body, Request},
    left::{ImportError, Notes},
    own,
    text::Text,
    told,
    value::Value,
};

impl Importer<'_> {
    pub(super) fn asked(
        &mut self,
        entry: &Entry,
        request: &mut Request,
    ) -> Result<(), ImportError> {
        for row in &entry.asked.headers {
            for (name, value) in self.named(&[row])? {
                header(row, (name.trim(), value), request, self.notes);
            }
        }
        for (name, value) in self.rows(entry, &["QueryStringParams", "Query"])? {
            request.query.push(Param::new(name, value));
        }
        for (name, value) in self.rows(entry, &["Cookies"])? {
            let mut cookie = Text::literal(format!("{name}="));
            cookie.append(value);
            request.header("cookie", cookie);
        }
        let fields = self.rows(entry, &["FormParams", "Form"])?;
        let fields: Vec<Param> = fields
            .into_iter()
            .map(|(name, value)| Param::new(name, value))
            .collect();
        if !fields.is_empty() {
            request.body = Some(Body::Form(fields));
        }
        self.content(entry, request);
        self.sections(entry);
        Ok(())
    }

    fn rows(&mut self, entry: &Entry, names: &[&str]) -> Result<Vec<(String, Text)>, ImportError> {
        self.named(&entry.asked.rows(names))
    }

    /// Names and values; a name is the key of a mapping, in which no variable stands.
    fn named(&mut self, rows: &[&Row]) -> Result<Vec<(String, Text)>, ImportError> {
        let mut named = Vec::new();
        for row in rows {
            let (name, value) = row.pair()?;
            match name.as_literal() {
                Some(name) => named.push((name.to_owned(), value)),
                None => self
                    .notes
                    .leave(row.line, told::row(&row.raw), "a name takes no variable"),
            }
        }
        Ok(named)
    }

    /// Sections that are not carried over, row by row.
    fn sections(&mut self, entry: &Entry) {
        let known = [
            "QueryStringParams",
            "Query",
            "FormParams",
            "Form",
            "BasicAuth",
            "Cookies",
            "Options",
        ];
        let told = entry.answer.iter().flat_map(|answer| &answer.told.sections);
        let told = told.filter(|(name, _)| !matches!(name.as_str(), "Captures" | "Asserts"));
        let asked = entry
            .asked
            .sections
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        for (name, rows) in asked.chain(told) {
            let why = match name.as_str() {
                "MultipartFormData" | "Multipart" => {
                    "a journey sends no multipart forms and no files"
                }
                _ => "there is no such section",
            };
            for Row { line, raw } in rows {
                self.notes.leave(*line, told::row(raw), why);
            }
        }
    }

    fn content(&mut self, entry: &Entry, request: &mut Request) {
        let Some(written) = &entry.asked.body else {
            return;
        };
        let kind = request.header_named("content-type").map(Text::written);
        match &written.content {
            Content::Json(text) => {
                body::set(request, text, Some("application/json"));
                if let Some(kind) = kind.filter(|kind| kind != "application/json") {
                    request.without_header("content-type");
                    request.header("content-type", Text::literal(kind));
                }
            }
            Content::Text(text, language) => {
                let implied = match language.as_str() {
                    "json" | "graphql" => Some("application/json".to_owned()),
                    "xml" => Some("application/xml".to_owned()),
                    _ => None,
                };
                if language == "graphql" {
                    let query = vec![(
                        "query".to_owned(),
                        Value::Text(text.map(|text| text.trim().to_owned())),
                    )];
                    request.body = Some(Body::Json(Value::Map(query)));
                    if text
                        .spoken()
                        .lines()
                        .any(|line| line.trim_start().starts_with("variables"))
                    {
                        request.body = None;
                        self.notes.leave(
                            written.line,
                            "```graphql",
                            "write the query and its variables as JSON",
                        );
                    }
                    return;
                }
                body::set(request, text, kind.or(implied).as_deref());
            }
            Content::Other(what) => self.notes.leave(
                written.line,
                what,
                "bytes and files are not sent; write the body as a text",
            ),
        }
    }
}

/// Adds a header field, unless the probe writes it itself.
pub(super) fn header(
    row: &Row,
    (name, value): (&str, Text),
    request: &mut Request,
    notes: &mut Notes,
) {
    if own::repeats(&name.to_ascii_lowercase(), &value, &request.origin) {
        notes.leave(row.line, format!("{name}: …"), own::WHY);
    } else {
        request.header(name, value);
    }
}

/// What has to be said above a step whose body is not carried over.
pub(super) fn bodiless(entry: &Entry) -> Vec<String> {
    let parts = !entry
        .asked
        .rows(&["MultipartFormData", "Multipart"])
        .is_empty();
    let bytes =
        matches!(&entry.asked.body, Some(body) if matches!(body.content, Content::Other(_)));
    let comment =
        "the body is missing: a journey sends no multipart forms, files and bytes".to_owned();
    (parts || bytes).then_some(comment).into_iter().collect()
}
