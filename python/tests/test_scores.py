"""The answers are the crate's."""

import hashlib
import json
import struct
from array import array

import polars as pl
import pyarrow as pa
import pytest
from conftest import ROOT

import bsmv


def full_text(post):
    return "\n".join(part for part in (post.get("title"), post["text"]) if part)


def test_scores_are_the_recorded_ones(scorer, requests, expected):
    for answer, recorded in zip(scorer.score(requests), expected, strict=True):
        assert answer["bsmv"] == pytest.approx(recorded["bsmv"], abs=1e-4)
        assert answer["bundle"] == scorer.bundle


def test_embeddings_have_the_recorded_bits(scorer, posts, expected):
    texts = [full_text(post["post"]) for post in posts]
    as_lists = scorer.embed(texts)
    as_arrow = scorer.embed(pa.array(texts))
    assert as_arrow.type == pa.list_(pa.field("item", pa.float32(), nullable=False), 384)
    for listed, arrow, recorded in zip(as_lists, as_arrow.to_pylist(), expected, strict=True):
        assert listed == arrow
        bits = struct.pack("<384f", *listed)
        assert hashlib.sha256(bits).hexdigest() == recorded["embedding_sha256"]


def test_lists_and_tables_and_the_command_line_answer_alike(scorer, requests, program):
    requests = [{**request, "id": str(i)} for i, request in enumerate(requests)]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = program("score", input=lines)
    assert done.returncode == 0, done.stderr
    of_program = [json.loads(line) for line in done.stdout.splitlines()]
    of_list = scorer.score(requests)
    assert of_list == of_program
    of_table = scorer.score(pa.Table.from_pylist(requests)).to_pylist()
    for row, answer in zip(of_table, of_program, strict=True):
        found = [
            row["bsmv"],
            row["bsmv_low"],
            row["bsmv_high"],
            *(row[f"bsmv_{part}"] for part in ("sentiment", "topic", "diffusion", "s", "t", "d")),
        ]
        numbers = [
            answer["bsmv"],
            answer["interval"]["low"],
            answer["interval"]["high"],
            *(answer["parts"][part] for part in ("sentiment", "topic", "diffusion")),
            *(answer["predicted"][quantity] for quantity in "std"),
        ]
        # JSON has the shortest digits of 32 bits.
        assert found == list(array("f", numbers))
        assert row["bsmv_unseen"].split() == [note["code"] for note in answer["unseen"]]
        assert row["bsmv_flags"].split() == [note["code"] for note in answer["flags"]]


def test_a_table_has_the_columns_of_a_scored_file(scorer, posts, brands, program, tmp_path):
    brand = brands["anta"]
    rows = [
        {
            "text": post["post"]["text"],
            "title": post["post"].get("title"),
            "platform": post["post"]["platform"],
            "created_at": post["post"].get("created_at"),
            "followers": post["post"].get("author", {}).get("followers"),
            "images": post["post"].get("images"),
        }
        for post in posts[:60]
    ]
    table = pl.DataFrame(rows)
    source, out, profile = (tmp_path / name for name in ("in.csv", "out.csv", "brand.json"))
    table.write_csv(source)
    profile.write_text(json.dumps(brand), "utf-8")
    done = program("score", str(source), "--out", str(out), "--brand", str(profile))
    assert done.returncode == 0, done.stderr
    of_file = pl.read_csv(out)
    of_table = scorer.score(table, brand=brand)
    named = [name for name in of_file.columns if name.startswith("bsmv") and name != "bsmv_line"]
    assert of_table.columns == named
    for name in named:
        if of_table[name].dtype == pl.String:
            of_rows = [cell or None for cell in of_table[name].to_list()]
            assert of_rows == [cell or None for cell in of_file[name].to_list()], name
        else:
            assert of_table[name].equals(of_file[name].cast(pl.Float32)), name


def test_an_explanation_adds_up(scorer, requests):
    of_list = scorer.explain(requests)
    of_table = scorer.explain(pa.Table.from_pylist(requests)).to_pylist()
    for answer, row in zip(of_list, of_table, strict=True):
        points = [share["points"] for share in row["bsmv_contributions"]]
        assert len(points) == 17
        assert row["bsmv_base"] + sum(points) == pytest.approx(row["bsmv"], abs=1e-3)
        assert row["bsmv_contributions"] == [
            {**share, "points": pytest.approx(share["points"], abs=1e-6)}
            for share in answer["contributions"]
        ]
        assert row["bsmv_sentence"] == answer["sentence"]
        assert [hint["code"] for hint in row["bsmv_hints"]] == [h["code"] for h in answer["hints"]]


def test_a_reading_is_what_the_score_is_made_of(scorer, requests):
    scores = scorer.score(requests)
    of_list = scorer.read(requests)
    of_table = scorer.read(pa.Table.from_pylist(requests)).to_pylist()
    for score, reading, row in zip(scores, of_list, of_table, strict=True):
        for part in ("sentiment", "emotion", "indicators", "categories", "topics"):
            assert reading[part] == score[part]
        assert reading["relevance"] == score["predicted"]["t"]
        assert row["bsmv_tone"] == pytest.approx(score["sentiment"]["s"], abs=1e-6)
        assert row["bsmv_advert"] == pytest.approx(score["advert"], abs=1e-6)
        assert row["bsmv_emotion"] == score["emotion"]["label"]
        kinds = {category["code"]: category["label"] for category in score["categories"]}
        assert (row["bsmv_kind"], row["bsmv_wants"]) == (kinds["kind"], kinds["wants"])
        assert sum(topic["weight"] for topic in row["bsmv_topics"]) == pytest.approx(1, abs=1e-5)


def test_a_folder_holds_the_model_that_is_inside(scorer, texts):
    folder = ROOT / "models/bsmv-base"
    other = bsmv.Scorer(folder)
    assert other.versions == scorer.versions
    assert other.score(texts[:5]) == scorer.score(texts[:5])
    floats = bsmv.Scorer(folder, precision="f32")
    assert floats.score(texts[0])["precision"] == "f32"
    assert floats.score(texts[0])["bsmv"] == pytest.approx(scorer.score(texts[0])["bsmv"], abs=5)


def test_the_package_says_its_terms():
    assert "commercial" in bsmv.MODEL_CARD
    assert f'\nversion = "{bsmv.__version__}"\n' in (ROOT / "Cargo.toml").read_text("utf-8")
