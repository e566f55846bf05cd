"""onnxruntime as an encoder of sentences."""

from pathlib import Path

import numpy as np
import onnxruntime


class Peer:
    """A model whose first output holds the last hidden states; mean pooling and unit length follow."""

    def __init__(self, model: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def embed(self, sequences: list[list[int]]) -> np.ndarray:
        """Returns one unit vector per sequence of piece numbers; all are of one length."""
        ids = np.array(sequences, dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = self.session.run(None, feeds)[0].mean(1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)
