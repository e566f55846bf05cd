"""Each library's tables in, its tables out, row by row."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import bsmv

TEXTS = ["Love this coffee!", None, "Cold coffee, rude staff, never again.", "", "锟斤拷锟斤拷"]
"""Good, missing, good, wrong, and one that can't be read."""
FOLLOWERS = [1200, 5, None, 7, 3]


@pytest.fixture(scope="module")
def alone():
    """What each text scores alone, where it has a score."""
    posts = [
        {"text": text, "platform": "x", "author": {"followers": followers}}
        for text, followers in zip(TEXTS, FOLLOWERS, strict=True)
    ]
    scores = [bsmv.score(posts[i], brand="Luckin")["bsmv"] for i in (0, 2)]
    return [scores[0], None, scores[1], None, None]


def same(column, alone):
    column = [None if cell is None or cell != cell else cell for cell in column]
    assert [cell is None for cell in column] == [cell is None for cell in alone]
    pairs = [(cell, score) for cell, score in zip(column, alone, strict=True) if score is not None]
    assert [cell for cell, _ in pairs] == pytest.approx([score for _, score in pairs], abs=1e-6)


def score(posts):
    return bsmv.score(posts, brand="Luckin", platform="x")


def test_polars(alone):
    frame = pl.DataFrame({"followers": FOLLOWERS, "text": TEXTS, "mine": list("abcde")})
    scores = score(frame)
    assert isinstance(scores, pl.DataFrame)
    same(scores["bsmv"], alone)
    assert scores["bsmv_error_code"].to_list() == [None, None, None, "invalid_input", None]
    assert scores["bsmv_refused"].to_list()[4] == "damaged"
    assert scores.row(1) == (None,) * scores.width
    same(score(frame.lazy())["bsmv"], alone)
    assert pl.concat([frame, scores], how="horizontal").height == 5
    struct = frame.select(
        score=pl.struct("text", "followers").map_batches(
            score, return_dtype=scores.to_struct().dtype
        )
    )
    same(struct["score"].struct.field("bsmv"), alone)
    categories = frame.with_columns(pl.lit("x", pl.Categorical).alias("platform"))
    same(score(categories)["bsmv"], alone)


def test_pandas_keeps_its_index(alone):
    index = ["p", "q", "r", "s", "s"]
    frame = pd.DataFrame({"text": TEXTS, "followers": FOLLOWERS, "mine": [{}, 1, "a", 2, 3]}, index)
    assert frame["followers"].dtype == float
    scores = score(frame)
    assert list(scores.index) == index
    same(scores["bsmv"], alone)
    assert frame.join(scores.loc[["p"]], how="inner")["mine"].tolist() == [{}]
    same(score(frame.astype({"text": object}))["bsmv"], alone)
    by_text = score(frame["text"])
    assert list(by_text.index) == index
    assert by_text["bsmv_error_code"].notna().sum() == 1
    vectors = bsmv.embed(frame["text"])
    assert list(vectors.index) == index
    assert vectors.iloc[0].shape == (384,)


def test_pyarrow_keeps_its_kind_and_chunks(alone):
    texts, followers = pa.array(TEXTS), pa.array(FOLLOWERS)
    table = pa.table({"text": texts, "followers": followers})
    same(score(table)["bsmv"].to_pylist(), alone)
    (batch,) = table.to_batches()
    assert isinstance(score(batch), pa.RecordBatch)
    same(score(batch)["bsmv"].to_pylist(), alone)
    structs = score(pa.StructArray.from_arrays([texts, followers], ["text", "followers"]))
    assert isinstance(structs, pa.StructArray)
    assert structs.is_null().to_pylist() == [False, True, False, False, False]
    same(structs.field("bsmv").to_pylist(), alone)
    chunked = pa.chunked_array([TEXTS[:2], TEXTS[2:]])
    answer = score(chunked)
    assert [len(chunk) for chunk in answer.chunks] == [2, 3]
    for kind in (pa.large_string(), pa.string_view()):
        assert score(texts.cast(kind)).equals(score(texts))
    assert score(texts.dictionary_encode()).equals(score(texts))
    assert score(table.slice(2))["bsmv"].to_pylist()[0] == pytest.approx(alone[2], abs=1e-6)


def test_duckdb(alone):
    with duckdb.connect() as con:
        con.execute(
            "create table posts as select unnest(?) text, unnest(?) followers", [TEXTS, FOLLOWERS]
        )
        scores = pa.chunked_array(score(con.sql("select text, followers from posts")))
        same([row and row["bsmv"] for row in scores.to_pylist()], alone)

        con.create_function(
            "value",
            lambda texts: bsmv.score(texts, platform="x").combine_chunks().field("bsmv"),
            ["VARCHAR"],
            "FLOAT",
            type="arrow",
            null_handling="special",
        )
        rows = con.sql("select value(text) from posts").fetchall()
        assert [cell is None for (cell,) in rows] == [cell is None for cell in alone]


def test_lists():
    answers = score(TEXTS)
    assert answers[1] is None
    assert answers[3]["error"]["code"] == "invalid_input"
    assert answers[3]["error"]["field"] == "post.text"
    assert answers[4]["refused"]["code"] == "damaged"
    assert answers[4]["bsmv"] is None
    assert answers[0] == score(TEXTS[0])
    assert score(np.array(TEXTS, dtype=object)) == answers
    assert score([]) == []
    assert score([float("nan")]) == [None]


def test_nothing_has_all_columns():
    names = score(pl.DataFrame({"text": TEXTS})).columns
    for empty in (pl.DataFrame(schema={"text": pl.String}), pl.DataFrame({"text": TEXTS})[:0]):
        assert score(empty).columns == names
        assert score(empty).height == 0
    assert score(pa.table({"text": pa.array([], pa.string())})).column_names == names
    assert bsmv.read(pa.chunked_array([], pa.string())).type.num_fields > 10
    assert score(pa.nulls(2)).is_null().to_pylist() == [True, True]


def test_nested_columns_are_requests(requests):
    frame = pl.DataFrame(
        {
            "text": ["Great shoes", "Great shoes"],
            "author": [{"followers": 10}, {"followers": 5_000_000}],
            "author.followers": [None, 10],
            "brand": ["Nike", "Nike"],
            "created_at": ["2026-11-22T10:00:00Z", "2026-11-22T18:00:00+08:00"],
        }
    )
    first, second = bsmv.score(frame)["bsmv"]
    assert first != second, "the author's own column comes first"
    timed = frame.with_columns(pl.col("created_at").str.to_datetime(time_zone="Asia/Shanghai"))
    assert bsmv.score(timed)["bsmv"].to_list() == [first, second]
    named = bsmv.score({"text": "Great shoes", "author": {"followers": 10}}, brand={"name": "Nike"})
    relevance = bsmv.score(frame)["bsmv_t"][0]
    assert relevance == pytest.approx(named["predicted"]["t"], abs=1e-6)
    assert relevance < 1


def test_a_column_of_a_wrong_type_is_named():
    with pytest.raises(bsmv.Error) as wrong:
        bsmv.score(pl.DataFrame({"text": ["a"], "followers": [b"x"]}))
    assert wrong.value.field == "followers"
