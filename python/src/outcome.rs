//! What becomes of a row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bsmv::scorer::answer::{Answer, Refusal};
use bsmv::{CheckedRequest, ErrorReport, Result, ScoreRequest, Scorer};
use serde_json::json;

use crate::settings::Settings;

/// What became of a row.
pub enum Outcome<T> {
    /// There was nothing: null.
    Missing,
    /// What was asked for.
    Given(Box<T>),
    /// The text can't be read.
    Refused(Box<Refusal>),
    /// The row breaks a rule.
    Failed(ErrorReport),
}

/// What is made of a request.
pub type Make<T> = fn(&Scorer, &CheckedRequest) -> Result<T>;

impl<T> Outcome<T> {
    /// What becomes of a request, if there is one.
    pub fn of(
        scorer: &Scorer,
        settings: &Settings,
        request: Option<Result<ScoreRequest>>,
        make: Make<T>,
    ) -> Self {
        let Some(request) = request else {
            return Outcome::Missing;
        };
        // A bug that one row brings to light costs that row, not those after it.
        let answered = catch_unwind(AssertUnwindSafe(|| {
            let request = settings.fill(request?).check()?;
            scorer.answer(&request, make(scorer, &request))
        }));
        match answered {
            Ok(Ok(Answer::Given(given))) => Outcome::Given(Box::new(given)),
            Ok(Ok(Answer::Refused(refusal))) => Outcome::Refused(Box::new(refusal)),
            Ok(Err(error)) => Outcome::Failed(ErrorReport::from(&error)),
            Err(_) => Outcome::Failed(ErrorReport {
                code: "internal",
                field: None,
                message: "a fault of the program, not of the row: please report it".to_owned(),
            }),
        }
    }

    /// What was asked for, if that came of it.
    pub fn given(&self) -> Option<&T> {
        match self {
            Outcome::Given(given) => Some(given),
            _ => None,
        }
    }

    /// The code of the reason why the text can't be read.
    pub fn refused(&self) -> Option<&str> {
        match self {
            Outcome::Refused(refusal) => Some(refusal.refused.code),
            _ => None,
        }
    }

    /// What is wrong with the row.
    pub fn failed(&self) -> Option<&ErrorReport> {
        match self {
            Outcome::Failed(report) => Some(report),
            _ => None,
        }
    }
}

impl<T: serde::Serialize> Outcome<T> {
    /// The JSON that the API answers; null for nothing, and `{"error": …}` for a row that breaks a
    /// rule.
    pub fn json(&self) -> String {
        // Straight to text: on the way through a value, numbers would get digits that they don't have.
        let json = match self {
            Outcome::Missing => return "null".to_owned(),
            Outcome::Given(given) => serde_json::to_string(given),
            Outcome::Refused(refusal) => serde_json::to_string(refusal),
            Outcome::Failed(report) => return json!({ "error": report }).to_string(),
        };
        json.unwrap_or_else(|e| {
            json!({ "error": { "code": "internal", "message": e.to_string() } }).to_string()
        })
    }
}
