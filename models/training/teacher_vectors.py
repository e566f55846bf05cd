"""Runs the untuned teacher over a mixed sample once and keeps its sentence vectors (f16) with the rows' ids.

Batches are kept in shards as they are done, so a run that was stopped goes on from there.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

import data
from batches import MAX_TOKENS, Example, pad, sample, split_batches, tokenize
from encoder import load

PREFIX = "query: "
TRAIN_ROWS = {
    "zh_weibo_cascades": 400, "zh_topic_short": 3_000, "zh_weibo_hashtag": 1_500, "zh_weibo_sentiment": 4_000,
    "zh_weibo_emotion": 4_000, "zh_review_sentiment": 2_000, "en_brand_sentiment": 6_000, "en_emotion": 10_000,
    "en_tweet_sentiment": 8_000, "zh_xhs_engagement": 5_000, "zh_bilibili_hot": 6_000, "zh_douyin_engagement": 1_800,
    "en_ig_engagement": 4_000, "en_tiktok_brand_engagement": 1_300, "en_x_brand_engagement": 2_400,
}
VALID_ROWS = 250
SHARD = 40  # batches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    encoder, tokenizer = load(args.teacher)
    encoder.eval().requires_grad_(False)

    ids, texts = [], []
    for name, count in TRAIN_ROWS.items():
        for split, limit in (("train", count), ("valid", VALID_ROWS)):
            if split == "valid" and name in data.MODERN_SETS:
                continue
            found = sample(list(data.rows(args.data, name, split)), limit, f"{args.seed}/{name}")
            ids += [r["id"] for r in found]
            texts += [PREFIX + t for t in data.clean([r["text"] for r in found], args.cleaner)]
    # The sample is ordered by set; vectors come in the order of `ids`, so each example carries its row.
    rows = [Example(t, targets={"vector": n}) for n, t in enumerate(tokenize(texts, tokenizer))]
    vectors = np.zeros((len(rows), encoder.config["hidden_size"]), np.float16)
    batches = list(split_batches(rows, 32 * MAX_TOKENS))
    args.out.mkdir(parents=True, exist_ok=True)
    started, tokens = time.monotonic(), 0
    for shard in range(0, len(batches), SHARD):
        part = batches[shard:shard + SHARD]
        places, kept = [e.targets["vector"] for b in part for e in b], args.out / f"shard-{shard}.npy"
        if not kept.exists():
            with torch.autocast("cpu", torch.bfloat16):
                found = torch.cat([encoder(pad([e.ids for e in b])) for b in part])
            np.save(kept.with_suffix(".tmp.npy"), found.half().numpy())
            kept.with_suffix(".tmp.npy").rename(kept)
            tokens += sum(len(e.ids) for b in part for e in b)
            print(f"{shard + len(part)} of {len(batches)} batches, {tokens / (time.monotonic() - started):.0f} tokens/s", flush=True)
        vectors[places] = np.load(kept)
    np.save(args.out / "vectors.npy", vectors)
    (args.out / "ids.txt").write_text("\n".join(ids) + "\n")
    for kept in args.out.glob("shard-*.npy"):
        kept.unlink()
    print(f"done: {len(rows)} rows, {tokens} tokens, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
