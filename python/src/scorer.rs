//! The class that Python sees.

use std::path::PathBuf;

use arrow_array::ArrayRef;
use arrow_schema::ArrowError;
use arrow_select::concat::concat;
use bsmv::scorer::answer::{Explanation, Score};
use bsmv::{Error, ErrorReport, Precision, ScoreRequest, Scorer};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use pyo3_arrow::PyChunkedArray;
use pyo3_arrow::error::PyArrowError;
use pyo3_arrow::input::AnyArray;
use rayon::prelude::*;
use serde::Serialize;

use crate::columns;
use crate::outcome::{Make, Outcome};
use crate::pool::Pool;
use crate::reading::Reading;
use crate::rows::Rows;
use crate::settings::Settings;

/// Rows that are answered between two looks at whether somebody wants to stop.
const AT_ONCE: usize = 1024;

/// A scorer and the threads that it scores on. Any number of Python's threads may use it at once.
#[pyclass(frozen, module = "bsmv._native", name = "NativeScorer")]
pub struct NativeScorer {
    scorer: Scorer,
    pool: Pool,
}

#[pymethods]
impl NativeScorer {
    #[new]
    #[pyo3(signature = (folder, precision, threads))]
    fn new(
        py: Python<'_>,
        folder: Option<PathBuf>,
        precision: &str,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let open = || {
            let precision = match precision {
                "int8" => Precision::Int8,
                "f32" => Precision::F32,
                other => {
                    let problem = format!("is \"{other}\": use int8 or f32");
                    return Err(Error::invalid("precision", problem));
                }
            };
            crate::bundle::open(folder.as_deref(), precision)
        };
        let scorer = py.detach(open).map_err(|e| thrown(py, &e))?;
        Ok(NativeScorer {
            scorer,
            pool: Pool::new(threads),
        })
    }

    /// `name@version` of the model.
    #[getter]
    fn bundle(&self) -> String {
        self.scorer.bundle()
    }

    /// Numbers of an embedding.
    #[getter]
    fn dimensions(&self) -> usize {
        self.scorer.manifest().encoder.config.hidden_size
    }

    fn score(&self, py: Python<'_>, rows: AnyArray, settings: &str) -> PyResult<PyChunkedArray> {
        self.table(py, rows, settings, Scorer::score, columns::scores)
    }

    fn explain(&self, py: Python<'_>, rows: AnyArray, settings: &str) -> PyResult<PyChunkedArray> {
        self.table(py, rows, settings, Scorer::explain, columns::explanations)
    }

    fn read(&self, py: Python<'_>, rows: AnyArray, settings: &str) -> PyResult<PyChunkedArray> {
        self.table(py, rows, settings, Reading::of, columns::readings)
    }

    fn score_json(
        &self,
        py: Python<'_>,
        requests: Vec<Option<String>>,
        settings: &str,
    ) -> PyResult<Vec<String>> {
        self.json::<Score>(py, &requests, settings, Scorer::score)
    }

    fn explain_json(
        &self,
        py: Python<'_>,
        requests: Vec<Option<String>>,
        settings: &str,
    ) -> PyResult<Vec<String>> {
        self.json::<Explanation>(py, &requests, settings, Scorer::explain)
    }

    fn read_json(
        &self,
        py: Python<'_>,
        requests: Vec<Option<String>>,
        settings: &str,
    ) -> PyResult<Vec<String>> {
        self.json::<Reading>(py, &requests, settings, Reading::of)
    }

    /// Vectors of an array of texts, or of the column `text`.
    fn embed(&self, py: Python<'_>, texts: AnyArray) -> PyResult<PyChunkedArray> {
        self.chunks(py, texts, |rows, range| {
            let vector = |row| self.scorer.embed(&rows.text(row)?).ok();
            let vectors: Vec<_> = range.into_par_iter().map(vector).collect();
            columns::vectors(&vectors, self.dimensions())
        })
    }

    /// Vectors of texts, one after the other as 32-bit numbers of the machine; NaN where there is
    /// none.
    fn embed_texts<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<Option<Bound<'py, PyString>>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let lossy = |text: &Bound<'_, PyString>| text.to_string_lossy().into_owned();
        let texts: Vec<Option<String>> = texts.iter().map(|t| t.as_ref().map(lossy)).collect();
        let pool = self.pool.get().map_err(|e| thrown(py, &e))?;
        let nothing = vec![f32::NAN; self.dimensions()];
        let mut bytes = Vec::with_capacity(texts.len() * nothing.len() * size_of::<f32>());
        for texts in texts.chunks(AT_ONCE) {
            py.check_signals()?;
            let vector = |text: &Option<String>| self.scorer.embed(text.as_deref()?).ok();
            let all = || texts.par_iter().map(vector).collect();
            let vectors: Vec<Option<Vec<f32>>> = py.detach(|| pool.install(all));
            for vector in &vectors {
                let vector = vector.as_ref().unwrap_or(&nothing);
                bytes.extend(vector.iter().flat_map(|number| number.to_ne_bytes()));
            }
        }
        Ok(PyBytes::new(py, &bytes))
    }
}

impl NativeScorer {
    fn table<T: Send>(
        &self,
        py: Python<'_>,
        rows: AnyArray,
        settings: &str,
        make: Make<T>,
        columns: fn(&[Outcome<T>]) -> Result<ArrayRef, ArrowError>,
    ) -> PyResult<PyChunkedArray> {
        let settings = Settings::from_json(settings).map_err(|e| thrown(py, &e))?;
        self.chunks(py, rows, |rows, range| {
            let outcome = |row| {
                let request = rows.request(row, settings.platform);
                Outcome::of(&self.scorer, &settings, request, make)
            };
            let outcomes: Vec<_> = range.into_par_iter().map(outcome).collect();
            columns(&outcomes)
        })
    }

    /// Answers chunk by chunk: those of the answer are as long as those that came in.
    fn chunks(
        &self,
        py: Python<'_>,
        rows: AnyArray,
        answer: impl Fn(&Rows, std::ops::Range<usize>) -> Result<ArrayRef, ArrowError> + Sync,
    ) -> PyResult<PyChunkedArray> {
        let pool = self.pool.get().map_err(|e| thrown(py, &e))?;
        let mut reader = rows.into_reader()?;
        let mut chunks = Vec::new();
        // Reading may wait for other threads, which may wait for the interpreter.
        while let Some(chunk) = py.detach(|| reader.next()) {
            let rows = Rows::of(&chunk.map_err(arrow)?).map_err(|e| thrown(py, &e))?;
            let mut parts = Vec::with_capacity(rows.len() / AT_ONCE + 1);
            for start in (0..rows.len()).step_by(AT_ONCE) {
                py.check_signals()?;
                let range = start..rows.len().min(start + AT_ONCE);
                let part = py.detach(|| pool.install(|| answer(&rows, range)));
                parts.push(part.map_err(arrow)?);
            }
            if !parts.is_empty() {
                let parts: Vec<_> = parts.iter().map(|part| &**part).collect();
                chunks.push(concat(&parts).map_err(arrow)?);
            }
        }
        if chunks.is_empty() {
            let none = arrow_array::StringArray::new_null(0);
            let none = Rows::of(&(std::sync::Arc::new(none) as ArrayRef));
            let none = none.map_err(|e| thrown(py, &e))?;
            chunks.push(answer(&none, 0..0).map_err(arrow)?);
        }
        PyChunkedArray::from_array_refs(chunks).map_err(PyErr::from)
    }

    /// The answers to requests as the API gives them; null for null.
    fn json<T: Send + Serialize>(
        &self,
        py: Python<'_>,
        requests: &[Option<String>],
        settings: &str,
        make: Make<T>,
    ) -> PyResult<Vec<String>> {
        let settings = Settings::from_json(settings).map_err(|e| thrown(py, &e))?;
        let pool = self.pool.get().map_err(|e| thrown(py, &e))?;
        let mut answers = Vec::with_capacity(requests.len());
        for requests in requests.chunks(AT_ONCE) {
            py.check_signals()?;
            let answer = |request: &Option<String>| {
                let request = request.as_ref().map(ScoreRequest::from_json);
                Outcome::of(&self.scorer, &settings, request, make).json()
            };
            let all = || requests.par_iter().map(answer).collect();
            let part: Vec<String> = py.detach(|| pool.install(all));
            answers.extend(part);
        }
        Ok(answers)
    }
}

fn arrow(error: ArrowError) -> PyErr {
    PyArrowError::from(error).into()
}

/// `bsmv.Error`, with its code and field.
fn thrown(py: Python<'_>, error: &Error) -> PyErr {
    let ErrorReport {
        code,
        field,
        message,
    } = ErrorReport::from(error);
    let made = || {
        let class = py.import("bsmv.errors")?.getattr("Error")?;
        class.call1((code, field, message))
    };
    made().map_or_else(|e| e, PyErr::from_value)
}
