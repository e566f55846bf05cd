"""Writes the mean of two encoders' weights, the second one's with a share, in Hugging Face layout."""

import argparse
from pathlib import Path

from encoder import load, save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=Path, required=True)
    parser.add_argument("--second", type=Path, required=True)
    parser.add_argument("--share", type=float, required=True, help="of the second one, in [0, 1]")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    (first, _), (second, _) = load(args.first), load(args.second)
    mixed, other = first.state_dict(), second.state_dict()
    first.load_state_dict({name: (1 - args.share) * x + args.share * other[name] for name, x in mixed.items()})
    save(first, args.second / "tokenizer.json", args.out)


if __name__ == "__main__":
    main()
