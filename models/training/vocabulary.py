"""Cuts the teacher's vocabulary to the pieces that the training texts use, and its word embeddings with it.

Kept: special tokens, every single character the teacher knows (hence ASCII and the ideographs),
emoji, and the most frequent pieces. Scores stay, ids are renumbered in the teacher's order.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import data
from encoder import load, save

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
SPACE = "▁"


def is_emoji(piece: str) -> bool:
    """Says whether a piece consists of emoji code points only."""
    text = piece.replace(SPACE, "")
    return bool(text) and all(
        0x1F000 <= ord(c) <= 0x1FAFF or 0x2600 <= ord(c) <= 0x27BF or ord(c) in (0xFE0F, 0x200D) for c in text)


def count_pieces(texts: list[str], tokenizer: Tokenizer, batch: int = 4096) -> Counter:
    """Counts piece ids over the texts, without special tokens."""
    counts: Counter = Counter()
    for start in range(0, len(texts), batch):
        for encoding in tokenizer.encode_batch(texts[start:start + batch], add_special_tokens=False):
            counts.update(encoding.ids)
    return counts


def choose(pieces: list[str], counts: Counter, size: int) -> list[int]:
    """Returns the teacher's ids to keep, special tokens first, then ascending."""
    always = [i for i, p in enumerate(pieces) if p not in SPECIAL and (len(p) == 1 or is_emoji(p))]
    keep = set(always)
    for index, _ in counts.most_common():
        if len(keep) + len(SPECIAL) == size:
            break
        if pieces[index] not in SPECIAL:
            keep.add(index)
    return [pieces.index(s) for s in SPECIAL] + sorted(keep)


def cut_tokenizer(full: dict, kept: list[int]) -> dict:
    """Returns the tokenizer's JSON with the kept pieces only."""
    vocab = full["model"]["vocab"]
    model = full["model"] | {"vocab": [vocab[i] for i in kept], "unk_id": SPECIAL.index("<unk>")}
    added = [t for t in full["added_tokens"] if t["content"] in SPECIAL]
    return full | {"model": model, "added_tokens": [t | {"id": SPECIAL.index(t["content"])} for t in added]}


def check(full: Tokenizer, cut: Tokenizer, texts: list[str]) -> dict:
    """Compares the two tokenizers on texts; decoding must agree wherever no piece is unknown."""
    unk, tokens, full_tokens, full_unk, differ = 0, 0, 0, 0, 0
    for a, b in zip(full.encode_batch(texts), cut.encode_batch(texts), strict=True):
        assert b.ids[0] == 0 and b.ids[-1] == 2
        full_tokens, tokens = full_tokens + len(a.ids), tokens + len(b.ids)
        full_unk, unk = full_unk + a.ids.count(3), unk + b.ids.count(3)
        differ += full.decode(a.ids) != cut.decode(b.ids)
    return {"texts": len(texts), "tokens_full": full_tokens, "tokens_cut": tokens, "unknown_full": full_unk,
            "unknown_cut": unk, "texts_decoded_differently": differ}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the cut teacher, all layers")
    parser.add_argument("--size", type=int, default=24_000)
    parser.add_argument("--events", type=int, default=150_000, help="texts sampled from cascade events")
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    full = json.loads((args.teacher / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = [p for p, _ in full["model"]["vocab"]]
    encoder, tokenizer = load(args.teacher)
    counts, report = Counter(), {"sets": {}}
    for name in data.TEXT_SETS + data.CASCADE_SETS + ["events"]:
        texts = (data.event_texts(args.data, args.events, args.seed) if name == "events"
                 else [r["text"] for r in data.rows(args.data, name, "train")])
        found = count_pieces(data.clean(texts, args.cleaner), tokenizer)
        report["sets"][name] = {"texts": len(texts), "tokens": found.total()}
        counts += found
    kept = choose(pieces, counts, args.size)
    report["coverage"] = sum(counts[i] for i in kept) / counts.total()

    encoder.config |= {"vocab_size": len(kept)}
    embeddings = encoder.embeddings.word_embeddings
    embeddings.weight = torch.nn.Parameter(embeddings.weight.detach()[torch.from_numpy(np.array(kept))])
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "tokenizer.json"
    path.write_text(json.dumps(cut_tokenizer(full, kept), ensure_ascii=False), encoding="utf-8")
    save(encoder, path, args.out)
    valid = [r["text"] for name in data.TEXT_SETS for r in list(data.rows(args.data, name, "valid"))[:500]]
    report["validation"] = check(tokenizer, Tokenizer.from_file(str(path)), data.clean(valid, args.cleaner))
    (args.out / "vocabulary.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
