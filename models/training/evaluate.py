"""Measures the sentiment head of an exported encoder, as stored and in f32, on validation rows."""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

import data
from batches import examples, sample
from encoder import load
from metrics import summary
from training import Model, predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder with encoder and head.safetensors")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cleaner", help="program that cleans NDJSON rows with a text field")
    parser.add_argument("--rows", type=int, default=1000, help="rows per set")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    encoder, tokenizer = load(args.model)
    classes = {"sentiment": data.SENTIMENT}
    model = Model(encoder, classes).eval()
    head = load_file(args.model / "head.safetensors")
    model.scale = 1.0  # the stored weights hold the scale and the temperature
    model.heads["sentiment"].load_state_dict(
        {"weight": head["sentiment.weight"], "bias": head["sentiment.bias"]})
    found = {}
    for name in sorted(data.SENTIMENT_SETS):
        pool = examples(args.data, name, "valid", classes, {}, tokenizer, args.cleaner)
        found[name] = predict(model, sample(pool, args.rows, f"{args.seed}/{name}"), torch.empty(0), bf16=False)
    print(json.dumps(summary(found), indent=1))


if __name__ == "__main__":
    main()
