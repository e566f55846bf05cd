"""The transformer keeps scikit-learn's rules as far as texts can."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import bsmv
from bsmv.sklearn import TextEmbedder


def test_it_gives_the_embeddings(texts):
    vectors = TextEmbedder().fit_transform(texts[:7])
    assert vectors.shape == (7, 384)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == bsmv.embed(texts[:7])
    for column in (np.array(texts[:7]), pd.Series(texts[:7]), pl.Series(texts[:7])):
        assert np.array_equal(TextEmbedder().transform(column), vectors)
    gaps = TextEmbedder().transform([texts[0], None, float("nan")])
    assert np.isnan(gaps).all(axis=1).tolist() == [False, True, True]
    with pytest.raises(TypeError, match="one column"):
        TextEmbedder().transform([texts[:2]])


def test_a_pipeline_learns_from_it(posts):
    chosen = [post for post in posts if post["kind"] in ("praise", "complaint")]
    texts = [post["post"]["text"] for post in chosen]
    praise = [post["kind"] == "praise" for post in chosen]
    model = make_pipeline(TextEmbedder(threads=1), LogisticRegression(C=10))
    assert cross_val_score(model, texts, praise, cv=3).mean() > 0.8
    model.fit(texts, praise)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict(texts).tolist() == model.predict(texts).tolist()


def test_it_is_cloned_and_named():
    embedder = TextEmbedder(threads=3)
    assert clone(embedder).get_params() == {"folder": None, "threads": 3}
    assert embedder.get_feature_names_out()[[0, -1]].tolist() == ["bsmv0", "bsmv383"]
    table = embedder.set_output(transform="pandas").fit_transform(pd.Series(["Good"], index=["a"]))
    assert table.shape == (1, 384)
    assert table.columns[0] == "bsmv0"
