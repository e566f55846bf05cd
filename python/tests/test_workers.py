"""Threads, processes and pickles."""

import multiprocessing
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

import bsmv


def score_of(text):
    return bsmv.score(text)["bsmv"]


def test_threads_share_a_scorer(texts):
    alone = [score_of(text) for text in texts[:40]]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(score_of, texts[:40])) == alone


def test_other_threads_run_while_it_scores(scorer, texts):
    frame = pl.Series(texts * 5)
    done = threading.Event()
    ticks = 0

    def work():
        scorer.score(frame)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 50, f"the interpreter was held: {ticks} ticks"


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_score_after_their_parent_did(method, texts):
    alone = [score_of(text) for text in texts[:4]]
    with multiprocessing.get_context(method).Pool(2) as processes:
        assert processes.map_async(score_of, texts[:4]).get(timeout=120) == alone


def test_a_scorer_is_pickled_by_where_it_came_from(scorer, texts):
    one = bsmv.Scorer(threads=1)
    data = pickle.dumps(one)
    assert len(data) < 1000
    again = pickle.loads(data)
    assert again.score(texts[0]) == scorer.score(texts[0])
    assert repr(again) == repr(one)
    assert "threads=1" in repr(one)


def test_a_pickle_of_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(bsmv._native, "__version__", "0.0.1")
    data = pickle.dumps(bsmv.Scorer())
    monkeypatch.undo()
    with pytest.raises(bsmv.Error, match=r"0\.0\.1") as wrong:
        pickle.loads(data)
    assert wrong.value.code == "version"


def test_answers_do_not_depend_on_threads(texts):
    one, many = bsmv.Scorer(threads=1), bsmv.Scorer(threads=5)
    frame = pl.Series(texts * 6)
    assert one.score(frame).equals(many.score(frame))
