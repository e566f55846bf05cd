//! The rows of a file as requests: texts to score, whoever wrote the file.

use std::ops::ControlFlow;

use serde_json::Value;

use super::layouts::{Columns, Layout, Rows, recognise_texts, unknown_columns};
use super::source::rows::{Names, Row};
use super::source::{Format, Section, Source, SourceError};
use super::trouble::line_of;
use super::{Settings, draft};
use crate::Result;
use crate::post::json;
use crate::scorer::request::ScoreRequest;

/// The part of a file whose rows are posts, or have texts that can be scored as posts.
pub struct Drafts {
    source: Source,
    section: Section,
    layout: &'static Layout,
    settings: Settings,
    /// The names of its other parts.
    pub left_out: Vec<String>,
}

/// The place of a row, as in `lines[3]`, empty where that isn't known; and its number from 1.
pub type Place = (String, usize);

impl Drafts {
    /// Finds the part of a file that has texts: the first that has.
    pub fn of(source: Source, settings: Settings) -> Result<Self, SourceError> {
        if matches!(source.format(), Some(Format::Pages | Format::Paths)) {
            return Err(SourceError::Cascades);
        }
        let layout_of = |names: &[String]| {
            let has_requests = names.iter().any(|name| name == "post.text");
            let layout = recognise_texts(names).filter(|layout| layout.rows != Rows::Users);
            layout.or_else(|| recognise_texts(&["text"]).filter(|_| has_requests))
        };
        let mut sections = source.sections(&|names| recognise_texts(names).is_some())?;
        let layout_at = |(at, section): (usize, &Section)| Some((at, layout_of(&section.columns)?));
        let Some((at, layout)) = sections.iter().enumerate().find_map(layout_at) else {
            let names: Vec<&String> = sections.iter().flat_map(|s| &s.columns).collect();
            return Err(SourceError::NoTexts(unknown_columns(&names)));
        };
        let section = sections.swap_remove(at);
        Ok(Drafts {
            source,
            section,
            layout,
            settings,
            left_out: sections.into_iter().filter_map(|s| s.name).collect(),
        })
    }

    /// The file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Its part that has texts.
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// The program that wrote it, as far as that is known.
    pub fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// Visits every row, and the bad ones.
    pub fn each_row<E: From<SourceError>>(
        &self,
        mut take: impl FnMut(&Names, Result<&Row>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut outcome = Ok(());
        self.source.visit(&self.section, &mut |names, row| {
            outcome = take(names, row);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        outcome
    }

    /// Hands on the request of every row, or what is wrong with it.
    pub fn each_request<E: From<SourceError>>(
        &self,
        mut take: impl FnMut(Place, Result<ScoreRequest>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut columns = Columns::new(self.layout);
        self.each_row(|names, row| {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let line = line_of(error.field().unwrap_or_default());
                    return take((String::new(), line), Err(error));
                }
            };
            let place = self.section.place(row.number());
            let request = self.request(row, names, &mut columns);
            let request = request.map_err(|error| error.within(&place));
            take((place, row.number()), request)
        })
    }

    /// A line of JSON may be a request; anything else is a post.
    fn request(&self, row: &Row, names: &Names, columns: &mut Columns) -> Result<ScoreRequest> {
        if let Some(object) = row.object()
            && object.get("post").is_some_and(Value::is_object)
        {
            return json::read(object, "");
        }
        let post = draft(row, names, columns, self.layout, &self.settings)?;
        Ok(ScoreRequest {
            post,
            ..ScoreRequest::default()
        })
    }
}
