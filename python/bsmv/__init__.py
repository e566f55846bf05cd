"""Brand Social Media Value: what posts are worth to a brand, 0 to 100; 50 is no effect.

>>> import bsmv
>>> bsmv.score("Love this coffee!", brand="Luckin", platform="x")["bsmv"] > 50
True

The functions here share one scorer with the model that is inside the package; `Scorer` makes another.
The model may not be used commercially without clearing it first: `MODEL_CARD` has the terms.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from bsmv._native import COLUMNS, MODEL_CARD, __version__
from bsmv.errors import Error
from bsmv.scorer import Brand, Scorer, Weights

__all__ = [
    "COLUMNS",
    "MODEL_CARD",
    "Brand",
    "Error",
    "Scorer",
    "Weights",
    "__version__",
    "embed",
    "explain",
    "read",
    "score",
    "scorer",
]


@cache
def scorer() -> Scorer:
    """The scorer that the functions here share, loaded when it is first needed."""
    return Scorer()


def score(posts: Any, **settings: Any) -> Any:
    """Scores posts, as `Scorer.score` says."""
    return scorer().score(posts, **settings)


def explain(posts: Any, **settings: Any) -> Any:
    """Says what moved the score of posts, as `Scorer.explain` says."""
    return scorer().explain(posts, **settings)


def read(posts: Any, **settings: Any) -> Any:
    """Reads the texts of posts alone, as `Scorer.read` says."""
    return scorer().read(posts, **settings)


def embed(texts: Any) -> Any:
    """The vectors of texts, as `Scorer.embed` says."""
    return scorer().embed(texts)
