"""Makes a shallower encoder from some layers of a deeper one: the starting point of the student."""

import argparse
from pathlib import Path

from encoder import Encoder, load, save


def pick(source: Encoder, layers: list[int]) -> Encoder:
    """Returns a new encoder with the source's embeddings and the given layers, counted from 0."""
    target = Encoder(source.config | {"num_hidden_layers": len(layers)})
    target.embeddings.load_state_dict(source.embeddings.state_dict())
    for layer, index in zip(target.encoder.layer, layers, strict=True):
        layer.load_state_dict(source.encoder.layer[index].state_dict())
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="encoder in Hugging Face layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", default="1,3,5,7,9,11", help="layers to keep, counted from 0")
    args = parser.parse_args()
    source, _ = load(args.source)
    save(pick(source, [int(i) for i in args.layers.split(",")]), args.source / "tokenizer.json", args.out)


if __name__ == "__main__":
    main()
