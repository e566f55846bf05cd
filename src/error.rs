//! What can go wrong, as values: each says what was wrong and what to do.

use serde::Serialize;

use crate::text::Unreadable;

/// Every failure of the core. `code()` is stable across versions: JavaScript and HTTP
/// clients match on it, never on the message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that was sent breaks a rule. `field` is its path, as in `post.author.followers`.
    #[error("{field}: {problem}")]
    Invalid {
        /// Path of the value.
        field: String,
        /// The rule that it breaks, as the end of a sentence about the field.
        problem: String,
    },
    /// What was sent isn't JSON. `field` is how far it could be read; lines and columns count
    /// from 1.
    #[error("{field}: not JSON: {problem} (line {line}, column {column})")]
    Malformed {
        /// Path of the last value that could be read.
        field: String,
        /// The parser's reason.
        problem: String,
        /// Line of the place, from 1.
        line: usize,
        /// Column of the place, from 1.
        column: usize,
    },
    /// A text has nothing that can be scored; shells answer with a
    /// [`Refusal`](crate::scorer::answer::Refusal) where they can.
    #[error("post.text: has nothing that can be scored ({})", .0.code())]
    Unreadable(Unreadable),
    /// A bundle's file is missing, damaged or not what its manifest says.
    #[error("bundle: {0}")]
    Bundle(String),
    /// A bundle made for another version of this crate.
    #[error(
        "bundle has schema {found}, this build reads schema {expected}: use a bundle of the same release"
    )]
    BundleSchema {
        /// Schema of the bundle.
        found: u32,
        /// Schema that this build reads.
        expected: u32,
    },
    /// What was asked for would take more memory than the caller allowed; nothing of it was begun.
    #[error(
        "{what} needs {needed} bytes of memory with all that is held, the budget is {budget}: raise it, or ask for less"
    )]
    MemoryBudget {
        /// The thing asked for, as the beginning of a sentence.
        what: String,
        /// Bytes that it takes with all that is held.
        needed: u64,
        /// Bytes allowed.
        budget: u64,
    },
    /// Arithmetic on tensors failed; a damaged bundle or a bug, never the caller's text.
    #[error("computation failed: {0}")]
    Compute(String),
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Invalid`] for `field`.
    pub fn invalid(field: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Error::Invalid {
            field: field.into(),
            problem: problem.to_string(),
        }
    }

    /// The stable code of this kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Invalid { .. } => "invalid_input",
            Error::Malformed { .. } => "malformed_json",
            Error::Unreadable(_) => "unreadable",
            Error::Bundle(_) => "bundle",
            Error::BundleSchema { .. } => "bundle_schema",
            Error::MemoryBudget { .. } => "memory_budget",
            Error::Compute(_) => "compute",
        }
    }

    /// The path of what is wrong with the request, if the request is to blame.
    pub fn field(&self) -> Option<&str> {
        match self {
            Error::Invalid { field, .. } | Error::Malformed { field, .. } => Some(field),
            Error::Unreadable(_) => Some("post.text"),
            _ => None,
        }
    }

    /// Puts `prefix.` before the field of an [`Error::Invalid`]; others pass unchanged.
    #[must_use]
    pub fn within(self, prefix: &str) -> Self {
        match self {
            Error::Invalid { field, problem } => Error::Invalid {
                field: format!("{prefix}.{field}"),
                problem,
            },
            other => other,
        }
    }
}

#[cfg(feature = "candle")]
impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Error::Compute(error.to_string())
    }
}

impl From<crate::text::TextError> for Error {
    fn from(error: crate::text::TextError) -> Self {
        use crate::text::TextError;
        match error {
            TextError::TooLong { .. } => Error::invalid("post.text", error),
            other => Error::Bundle(other.to_string()),
        }
    }
}

/// An error in one sentence, as every shell hands it to its caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Error"))]
pub struct ErrorReport {
    /// Stable across versions: match on it, never on the message.
    pub code: &'static str,
    /// Path of the field to blame, as in `post.author.followers`, `graph.parent[3]` or, in lines
    /// counted from 1, `lines[3].t`; `request` for the whole. Left out when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub field: Option<String>,
    /// One sentence, beginning with the field if there is one.
    pub message: String,
}

impl ErrorReport {
    /// A fault of the program; what it said itself is on standard error.
    pub fn bug() -> Self {
        ErrorReport {
            code: "internal",
            field: None,
            message: "a fault of the program, not of the request: please report it".to_owned(),
        }
    }
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> Self {
        ErrorReport {
            code: error.code(),
            field: error.field().map(str::to_owned),
            message: error.to_string(),
        }
    }
}
