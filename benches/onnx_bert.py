"""Writes a BERT in Hugging Face's layout as ONNX, in the fused operators that onnxruntime's own optimizer makes of one."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

FUSED = "com.microsoft"


class Graph:
    """Nodes and weights so far; each method adds a node and returns the name of its output."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights, self.nodes, self.constants = weights, [], []

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name].astype(np.float32))

    def add(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def product(self, x: str, name: str) -> str:
        matrix = self.constant(f"{name}.weight", self.weights[f"{name}.weight"].astype(np.float32).T)
        return self.add("MatMul", [x, matrix], f"{name}.product")

    def norm_of_sum(self, x: str, bias: str, residual: str, norm: str, eps: float) -> str:
        inputs = [x, residual, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias"), self.weight(bias)]
        return self.add("SkipLayerNormalization", inputs, f"{norm}.output", FUSED, epsilon=eps)


def write(folder: Path, out: Path) -> None:
    """Reads config.json and model.safetensors of `folder`; the last hidden states of `input_ids` come out."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = {name.removeprefix("bert."): values for name, values in load_file(folder / "model.safetensors").items()}
    graph, eps, heads = Graph(weights), config["layer_norm_eps"], config["num_attention_heads"]

    mask = graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    ids = [graph.add("Cast", [name], f"{name}.32", to=TensorProto.INT32) for name in ("input_ids", "token_type_ids")]
    tables = [graph.weight(f"embeddings.{name}_embeddings.weight") for name in ("word", "position", "token_type")]
    norm = [graph.weight(f"embeddings.LayerNorm.{name}") for name in ("weight", "bias")]
    embed = helper.make_node("EmbedLayerNormalization", [*ids, *tables, *norm], ["embeddings", "embeddings.mask"],
                             name="embeddings", domain=FUSED, epsilon=eps)
    graph.nodes.append(embed)
    x = "embeddings"
    for layer in (f"encoder.layer.{i}" for i in range(config["num_hidden_layers"])):
        parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        qkv = [np.concatenate([weights[f"{part}.{kind}"] for part in parts]).astype(np.float32) for kind in ("weight", "bias")]
        matrix, bias = graph.constant(f"{layer}.qkv.weight", qkv[0].T), graph.constant(f"{layer}.qkv.bias", qkv[1])
        context = graph.add("Attention", [x, matrix, bias, mask], f"{layer}.attention", FUSED, num_heads=heads)
        dense = f"{layer}.attention.output.dense"
        x = graph.norm_of_sum(graph.product(context, dense), f"{dense}.bias", x, f"{layer}.attention.output.LayerNorm", eps)
        up, down = f"{layer}.intermediate.dense", f"{layer}.output.dense"
        wide = graph.add("BiasGelu", [graph.product(x, up), graph.weight(f"{up}.bias")], f"{up}.gelu", FUSED)
        x = graph.norm_of_sum(graph.product(wide, down), f"{down}.bias", x, f"{layer}.output.LayerNorm", eps)
    graph.add("Identity", [x], "last_hidden_state")

    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
              for name in ("input_ids", "attention_mask", "token_type_ids")]
    shape = ["batch", "sequence", config["hidden_size"]]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape)
    made = helper.make_graph(graph.nodes, "bert", inputs, [output], graph.constants)
    domains = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    onnx.save(helper.make_model(made, opset_imports=domains, ir_version=10), out)
