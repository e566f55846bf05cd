"""Uses the generated client as somebody would on the first day, against a real server; fails where it doesn't work.

python first_day.py BSMV
"""

import datetime
import io
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from bsmv_client import AuthenticatedClient, Client
from bsmv_client.api.jobs import get_job, get_job_result, submit_job
from bsmv_client.api.models import list_models
from bsmv_client.api.posts import append_events, erase_post, forecast, get_post, put_post
from bsmv_client.api.scoring import checks, explain, score
from bsmv_client.api.service import health, metrics
from bsmv_client.models import ErrorBody, Platform, Post, PostRecord, Score, ScoreRequest
from bsmv_client.types import File

PRAISE = "Third winter in these boots and my feet are still dry. Love them!"
EVENTS = """\
{"id": "a", "t": 60, "kind": "repost", "user": "1"}
{"id": "b", "t": 120, "kind": "quote", "user": "2", "text": "Mine too, best boots ever"}
"""


@contextmanager
def server(bsmv: str, store: Path):
    """Runs `bsmv serve`; its address."""
    page = store.parent / "www"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>page</title>", encoding="utf-8")
    command = [
        bsmv,
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--precision",
        "int8",
        "--store",
        store,
        "--www",
        page,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def first_day(url: str, key: str) -> None:
    """Scores, keeps a post with its events, and sends a file."""
    client = AuthenticatedClient(base_url=url, token=key)
    request = ScoreRequest(post=Post(text=PRAISE), id="one")
    found = score.sync(client=client, body=request)
    assert isinstance(found, Score), found
    assert found.bsmv > 50
    assert found.id == "one"
    several = score.sync(
        client=client, body=[request, ScoreRequest(post=Post(text="Worst boots I ever had."))]
    )
    assert [type(one) for one in several] == [Score, Score], several
    assert several[1].bsmv < 50
    assert abs(explain.sync(client=client, body=request).bsmv - found.bsmv) < 1e-3
    assert checks.sync(client=client, body=request) is not None

    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    record = PostRecord(created_at=created, platform=Platform.X, text=PRAISE)
    stored = put_post.sync_detailed("p", client=client, body=record, idempotency_key="put-p")
    assert stored.status_code == 201, stored
    lines = File(payload=io.BytesIO(EVENTS.encode()))
    assert append_events.sync("p", client=client, body=lines).added == 2
    assert get_post.sync("p", client=client).platform == "x"
    assert forecast.sync("p", client=client) is not None
    assert erase_post.sync("p", client=client).posts == 1
    assert get_post.sync_detailed("p", client=client).status_code == 404

    table = File(payload=io.BytesIO(f"text\n{PRAISE}\n".encode()))
    job = submit_job.sync(client=client, body=table, name="posts.csv")
    for _ in range(600):
        if (state := get_job.sync(job.id, client=client).state) in ("done", "failed"):
            break
        time.sleep(0.1)
    assert state == "done", state
    assert PRAISE in get_job_result.sync(job.id, client=client).payload.read().decode()

    assert list_models.sync(client=client).models[0].share == 100
    assert b"bsmv_" in metrics.sync(client=client).payload.read()
    stranger = Client(base_url=url)
    assert health.sync(client=stranger).bundle == found.bundle
    refused = score.sync(client=stranger, body=request)
    assert isinstance(refused, ErrorBody), refused
    assert refused.error.code == "unauthorized"


def main() -> None:
    bsmv = sys.argv[1]
    with tempfile.TemporaryDirectory() as place:
        store = Path(place) / "posts.db"
        create = [bsmv, "key", "create", "team", "--scope", "admin", "--store", store]
        key = subprocess.run(create, capture_output=True, text=True, check=True).stdout.strip()
        with server(bsmv, store) as url:
            first_day(url, key)
    print("the generated client does a first day's work")


if __name__ == "__main__":
    main()
