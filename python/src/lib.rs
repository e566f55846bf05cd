//! The scorer for Python: rows of Arrow or JSON in, columns of Arrow or JSON out. `bsmv/` wraps it.
//!
//! ```text
//! Arrow ─ rows: a request of each ─┐                         ┌─ columns: a struct array
//! JSON ────────────────────────────┴─ outcomes, on all cores ┴─ JSON, as over HTTP
//! ```
//!
//! A row that is wrong is an outcome like any other, so that it never costs the rows round it. Only
//! what is wrong with a whole call is thrown.

mod bundle;
mod columns;
mod outcome;
mod pool;
mod reading;
mod rows;
mod scorer;
mod settings;

use pyo3::prelude::*;

/// The card of the model inside: terms, training data, figures.
const CARD: &str = include_str!("../../models/bsmv-base/README.md");

/// The module `bsmv._native`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<scorer::NativeScorer>()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("MODEL_CARD", CARD)?;
    module.add("COLUMNS", rows::names())?;
    Ok(())
}
