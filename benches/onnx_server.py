"""Serves the vector of a text by onnxruntime over HTTP with Python's own server: what `cargo bench --bench serve` compares with.

A text is read by one thread, two texts at a time, as bsmv does on two cores. `POST /empty` answers without reading anything, so
that what the serving itself costs can be told.
"""

import argparse
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from peer import Peer
from tokenizers import Tokenizer


class Handler(BaseHTTPRequestHandler):
    """Answers `{"post": {"text": …}}` with `{"vector": […]}`."""

    protocol_version = "HTTP/1.1"
    # No part of an answer waits for the one before to be acknowledged.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/empty":
            answer = b"{}"
        else:
            text = json.loads(body)["post"]["text"]
            ids = self.server.tokenizer.encode(text).ids
            with self.server.cores:
                vector = self.server.model.embed([ids])[0]
            answer = json.dumps({"vector": vector.tolist()}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the tokenizer, as prepare.py lays it out")
    parser.add_argument("model", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.tokenizer = Tokenizer.from_file(str(args.folder / "tokenizer.json"))
    server.model = Peer(args.model, threads=1)
    server.cores = threading.Semaphore(args.cores)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
