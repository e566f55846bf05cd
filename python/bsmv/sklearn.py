"""Embeddings as scikit-learn has them: a transformer for the beginning of a pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from bsmv.scorer import Scorer, _listed


class TextEmbedder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns texts into vectors of unit length. There is nothing to fit.

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> model = make_pipeline(TextEmbedder(), LogisticRegression())

    Args:
        folder: Folder of a model bundle; by default the model inside the package.
        threads: Most cores used at once; by default all.
    """

    def __init__(self, folder: str | None = None, threads: int | None = None) -> None:
        self.folder = folder
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> TextEmbedder:
        """Learns nothing; loads the model, so that a wrong `folder` is found here."""
        self.scorer_ = Scorer(self.folder, threads=self.threads)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The vectors of n texts, [n, 384]; a row of NaN where there is no text.

        Raises:
            TypeError: if X is no list or column of texts; a table is none.
        """
        numbers = self._scorer()._native.embed_texts([_text(text) for text in _listed(X)])
        vectors: NDArray[np.float32] = np.frombuffer(numbers, np.float32).copy()
        vectors.shape = (-1, self._scorer().dimensions)
        return vectors

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """``bsmv0`` to ``bsmv383``."""
        return np.array([f"bsmv{i}" for i in range(self._scorer().dimensions)], dtype=object)

    def _scorer(self) -> Scorer:
        # A pipeline may transform with a copy that was never fitted.
        if not hasattr(self, "scorer_"):
            self.fit(None)
        scorer: Scorer = self.scorer_
        return scorer

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _text(text: Any) -> str | None:
    if text is None or isinstance(text, str):
        return text
    if isinstance(text, float) and np.isnan(text):
        return None
    raise TypeError(f"{type(text).__name__} is no text: give one column of texts")
