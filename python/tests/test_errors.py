"""What is wrong with a call is thrown, with code and field; what is wrong with a row stays there."""

import pickle

import polars as pl
import pytest

import bsmv


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"brand": {"name": ""}}, "brand.name"),
        ({"brand": {"name": "Nike", "keyword": ["shoes"]}}, "brand.keyword"),
        ({"weights": "fair"}, "weights"),
        ({"weights": {"sentiment": 1, "topic": 1, "diffusion": 1}}, "weights"),
        ({"platform": "myspace"}, "platform"),
        ({"locale": "fr"}, "locale"),
    ],
)
@pytest.mark.parametrize("posts", ["Good", ["Good"], pl.Series(["Good"])])
def test_wrong_settings_are_named(settings, field, posts):
    with pytest.raises(bsmv.Error) as wrong:
        bsmv.score(posts, **settings)
    assert wrong.value.code == "invalid_input"
    assert wrong.value.field.startswith(field)
    assert str(wrong.value).startswith(wrong.value.field)


def test_one_wrong_post_is_thrown_and_one_of_a_list_is_not():
    wrong = {"text": "Good", "author": {"followers": -1}}
    with pytest.raises(bsmv.Error) as thrown:
        bsmv.score(wrong)
    assert (thrown.value.code, thrown.value.field) == ("invalid_input", "post.author.followers")
    bad, good = bsmv.score([wrong, "Good"])
    assert bad["error"]["field"] == "post.author.followers"
    assert good["bsmv"] > 50


def test_wrong_rows_stand_beside_good_ones():
    frame = pl.DataFrame(
        {
            "text": ["Good", "Good", "x" * 20_001, "Good"],
            "platform": ["x", "myspace", "x", "x"],
            "followers": [1.0, 2.0, 3.0, 4.5],
            "created_at": ["2026-11-22T10:00:00Z", None, None, None],
        }
    )
    scores = bsmv.score(frame)
    assert scores["bsmv_error"].is_null().to_list() == [True, False, False, False]
    for row, field in ((1, "post.platform"), (2, "post.text"), (3, "post.author.followers")):
        assert scores["bsmv_error"][row].startswith(field), scores["bsmv_error"][row]
        assert scores["bsmv_error_code"][row] == "invalid_input"
        assert scores["bsmv"][row] is None


def test_a_table_without_texts_says_what_it_has():
    with pytest.raises(bsmv.Error, match="content, likes") as wrong:
        bsmv.score(pl.DataFrame({"content": ["Good"], "likes": [1]}).select("content", "likes"))
    assert wrong.value.field == "text"
    with pytest.raises(bsmv.Error, match="Int64"):
        bsmv.score(pl.Series([1, 2]))
    with pytest.raises(TypeError, match="int"):
        bsmv.score(7)
    with pytest.raises(TypeError, match="int"):
        bsmv.score([7])


def test_half_of_a_character_costs_no_row():
    half, whole = bsmv.score(["Good \ud83d coffee", "Good coffee"])
    assert half["bsmv"] > 50
    assert whole["bsmv"] > 50
    assert len(bsmv.embed(["Good \ud83d coffee"])[0]) == 384


def test_embeddings_of_nothing_are_none():
    assert bsmv.embed([None, "Good"])[0] is None
    assert bsmv.embed(pl.Series([None, "Good"])).is_null().to_list() == [True, False]
    assert bsmv.embed("Good") == bsmv.embed(["Good"])[0]
    assert sum(x * x for x in bsmv.embed("Good")) == pytest.approx(1, abs=1e-5)


def test_a_missing_model_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(bsmv.Error, match=str(tmp_path)) as wrong:
        bsmv.Scorer(tmp_path)
    assert (wrong.value.code, wrong.value.field) == ("bundle", None)
    with pytest.raises(bsmv.Error, match="folder"):
        bsmv.Scorer(precision="f32")
    with pytest.raises(bsmv.Error, match="int8 or f32"):
        bsmv.Scorer(precision="f16")


def test_errors_are_pickled():
    error = bsmv.Error("invalid_input", "brand.name", "brand.name: is empty")
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.field, again.message) == (error.code, error.field, error.message)
