"""A BERT encoder with Hugging Face parameter names, mean pooling and L2 norm; reading and writing it."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

PAD = 1
GROUP = 32  # numbers that share a scale in the stored word embeddings


def round_4_bits(x: Tensor) -> Tensor:
    """Returns x as 4 bits with a scale per group of 32 would hold it; gradients pass as if it were x.

    The scale is the group's number of largest magnitude over -8, so that sixteen levels reach it.
    """
    groups = x.detach().view(*x.shape[:-1], -1, GROUP)
    top = groups.gather(-1, groups.abs().argmax(-1, keepdim=True))
    scale = torch.where(top == 0, 1, (top / -8).half().float())
    rounded = (groups / scale).round().clamp(-8, 7) * scale
    return x + (rounded.view_as(x) - x.detach())


def _module(**children: nn.Module) -> nn.Module:
    """Returns a plain container module, so that parameter names follow the published layout."""
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


class Layer(nn.Module):
    """One post-norm transformer layer."""

    def __init__(self, config: dict):
        super().__init__()
        h, inner, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads = config["num_attention_heads"]
        self.attention = _module(
            self=_module(query=nn.Linear(h, h), key=nn.Linear(h, h), value=nn.Linear(h, h)),
            output=_module(dense=nn.Linear(h, h), LayerNorm=nn.LayerNorm(h, eps)))
        self.intermediate = _module(dense=nn.Linear(h, inner))
        self.output = _module(dense=nn.Linear(inner, h), LayerNorm=nn.LayerNorm(h, eps))

    def forward(self, x: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
        rows, length, width = x.shape
        qkv = getattr(self.attention, "self")
        q, k, v = (p(x).view(rows, length, self.heads, -1).transpose(1, 2)
                   for p in (qkv.query, qkv.key, qkv.value))
        # Spelt out: for texts this short it trains twice as fast as PyTorch's fused form on a CPU.
        scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, -1e4)
        y = scores.softmax(-1) @ v
        y = self.attention.output.dense(y.transpose(1, 2).reshape(rows, length, width))
        x = self.attention.output.LayerNorm(x + F.dropout(y, dropout))
        y = self.output.dense(F.gelu(self.intermediate.dense(x)))
        return self.output.LayerNorm(x + F.dropout(y, dropout))


class Encoder(nn.Module):
    """Token ids (padded with `PAD`) to L2-normalised sentence embeddings."""

    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        self.coarse_words = False  # word embeddings as 4 bits will hold them
        self.dropout = 0.0  # share of a layer's numbers that are left out in training
        h = config["hidden_size"]
        self.embeddings = _module(
            word_embeddings=nn.Embedding(config["vocab_size"], h),
            position_embeddings=nn.Embedding(config["max_position_embeddings"], h),
            token_type_embeddings=nn.Embedding(config["type_vocab_size"], h),
            LayerNorm=nn.LayerNorm(h, config["layer_norm_eps"]))
        self.encoder = _module(layer=nn.ModuleList(
            Layer(config) for _ in range(config["num_hidden_layers"])))

    def freeze_embeddings(self, words: bool) -> None:
        """Keeps position and type embeddings and their norm as they are, and the words' if asked."""
        self.embeddings.requires_grad_(False)
        self.embeddings.word_embeddings.requires_grad_(not words)

    def forward(self, ids: Tensor) -> Tensor:
        real = ids != PAD
        e = self.embeddings
        words = e.word_embeddings(ids)
        if self.coarse_words:
            words = round_4_bits(words.float())
        x = words + e.position_embeddings.weight[:ids.shape[1]]
        x = e.LayerNorm(x + e.token_type_embeddings.weight[0])
        mask = None if bool(real.all()) else real[:, None, None, :]
        dropout = self.dropout if self.training else 0.0
        x = F.dropout(x, dropout)
        for layer in self.encoder.layer:
            x = layer(x, mask, dropout)
        weight = real.unsqueeze(-1).float()
        mean = (x.float() * weight).sum(1) / weight.sum(1)
        return F.normalize(mean, dim=-1)


def load(folder: Path) -> tuple[Encoder, Tokenizer]:
    """Reads an encoder (as f32) and its tokenizer from a folder in Hugging Face layout."""
    encoder = Encoder(json.loads((folder / "config.json").read_text()))
    weights = load_file(folder / "model.safetensors")
    names = dict(encoder.named_parameters())
    encoder.load_state_dict({n: weights[n].float() for n in names})
    return encoder, Tokenizer.from_file(str(folder / "tokenizer.json"))


def save(encoder: Encoder, tokenizer: Path, folder: Path) -> None:
    """Writes config, f16 weights and the tokenizer file to a folder in Hugging Face layout."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {n: p.detach().half().contiguous() for n, p in encoder.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = encoder.config | {"torch_dtype": "float16"}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    if tokenizer.resolve() != (folder / "tokenizer.json").resolve():
        shutil.copyfile(tokenizer, folder / "tokenizer.json")
