"""Compares `bsmv embed --encoder DIR` with the transformers library on any BERT in Hugging Face's layout."""

import argparse
import json
import subprocess
from pathlib import Path

import torch
from torch.nn import functional as F
from transformers import AutoModel, AutoTokenizer

POSTS = Path(__file__).parent.parent.parent / "tests/fixtures/posts.json"


def run(command: list[str], rows: list[dict]) -> list[dict]:
    """Sends NDJSON through a command."""
    lines = "\n".join(json.dumps(row) for row in rows)
    found = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in found.splitlines()]


@torch.no_grad()
def reference(folder: Path, texts: list[str]) -> torch.Tensor:
    """Returns mean-pooled unit vectors, one text at a time so that nothing is padded."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    states = (model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0] for text in texts)
    return torch.stack([F.normalize(state.mean(0), dim=0) for state in states])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="folder in Hugging Face layout")
    parser.add_argument("--bsmv", default="target/release/bsmv", help="the program to test")
    args = parser.parse_args()
    posts = [row["post"] for row in json.loads(POSTS.read_text(encoding="utf-8"))]
    texts = run([args.bsmv, "clean"], [{"text": post["text"]} for post in posts])
    wanted = reference(args.encoder, [row["text"] for row in texts])
    for precision in ("f32", "int8"):
        command = [args.bsmv, "embed", "--encoder", str(args.encoder), "--precision", precision]
        found = torch.tensor([row["embedding"] for row in run(command, texts)])
        cosine = F.cosine_similarity(found, wanted)
        print(f"{precision}: {len(texts)} texts, largest difference {(found - wanted).abs().max():.1e}, "
              f"cosine mean {cosine.mean():.5f}, least {cosine.min():.5f}")


if __name__ == "__main__":
    main()
