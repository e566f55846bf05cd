# The worker in workerd, on port 8080:
#
#   DIFFUSION_API=https://api.example ALLOW_ORIGIN=https://shop.example \
#     workerd serve node_modules/bsmv/edge/config.capnp
#
# Without DIFFUSION_API it has no stored posts, without ALLOW_ORIGIN no other origin may ask.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bsmv", worker = .bsmv),
    # The API may be on the own network.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "*:8080", http = (), service = "bsmv")],
);

const bsmv :Workerd.Worker = (
  modules = [
    (name = "edge/worker.js", esModule = embed "worker.js"),
    (name = "edge/answers.js", esModule = embed "answers.js"),
    (name = "edge/cors.js", esModule = embed "cors.js"),
    (name = "edge/model.js", esModule = embed "model.js"),
    (name = "edge/room.js", esModule = embed "room.js"),
    (name = "bsmv/bundle.js", esModule = embed "../bsmv/bundle.js"),
    (name = "bsmv/diffusion.js", esModule = embed "../bsmv/diffusion.js"),
    (name = "bsmv/diffusion/error.js", esModule = embed "../bsmv/diffusion/error.js"),
    (name = "bsmv/diffusion/fetch.js", esModule = embed "../bsmv/diffusion/fetch.js"),
    (name = "bsmv/diffusion/page.js", esModule = embed "../bsmv/diffusion/page.js"),
    (name = "bsmv/diffusion/record.js", esModule = embed "../bsmv/diffusion/record.js"),
    (name = "bsmv/diffusion/sample.js", esModule = embed "../bsmv/diffusion/sample.js"),
    (name = "bsmv/errors.js", esModule = embed "../bsmv/errors.js"),
    (name = "bsmv/files.js", esModule = embed "../bsmv/files.js"),
    (name = "bsmv/json.js", esModule = embed "../bsmv/json.js"),
    (name = "bsmv/module.js", esModule = embed "../bsmv/module.js"),
    (name = "bsmv/page-store.js", esModule = embed "../bsmv/page-store.js"),
    (name = "bsmv/scorer.js", esModule = embed "../bsmv/scorer.js"),
    (name = "pkg/bsmv.js", esModule = embed "../pkg/bsmv.js"),
    (name = "pkg/integrity.js", esModule = embed "../pkg/integrity.js"),
    (name = "pkg/bsmv_bg.wasm", wasm = embed "../pkg/bsmv_bg.wasm"),
    (name = "model/manifest.json", data = embed "../model/manifest.json"),
    (name = "model/tokenizer.json", data = embed "../model/tokenizer.json"),
    (name = "model/heads.safetensors", data = embed "../model/heads.safetensors"),
    (name = "model/diffusion.safetensors", data = embed "../model/diffusion.safetensors"),
    (name = "model/encoder_int8.safetensors", data = embed "../model/encoder_int8.safetensors"),
  ],
  compatibilityDate = "2026-10-01",
  bindings = [
    (name = "DIFFUSION_API", fromEnvironment = "DIFFUSION_API"),
    (name = "ALLOW_ORIGIN", fromEnvironment = "ALLOW_ORIGIN"),
  ],
);
