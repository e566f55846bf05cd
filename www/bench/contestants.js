/**
 * Who competes: each loads its runtime and model, and then embeds. Runs alike in a page and in
 * Node, which differ in how they read a file of the site (see site.mjs).
 *
 * @typedef {{ text: string, ids: number[] }} Item
 * @typedef {{ embed: (item: Item) => ArrayLike<number> | Promise<ArrayLike<number>> }} Contestant
 * @typedef {object} Host
 * @property {(path: string) => Promise<Uint8Array>} bytes
 * @property {(path: string) => Promise<any>} module
 * @property {(path: string) => string} at where a file is, for runtimes that read it themselves
 * @property {boolean} page
 */

/** Memories of all modules, which never shrink. @type {Set<WebAssembly.Memory>} */
const memories = new Set();

const { Memory, instantiate, instantiateStreaming } = WebAssembly;

WebAssembly.Memory = class extends Memory {
  /** @param {WebAssembly.MemoryDescriptor} descriptor */
  constructor(descriptor) {
    super(descriptor);
    memories.add(this);
  }
};

/** @param {any} made what instantiating gave: an instance, or one beside its module */
function remember(made) {
  for (const exported of Object.values((made.instance ?? made).exports)) {
    if (exported instanceof Memory) memories.add(exported);
  }
  return made;
}

/** @type {any} */
const watched = WebAssembly;
watched.instantiate = async (/** @type {[any, any]} */ ...args) =>
  remember(await instantiate(...args));
watched.instantiateStreaming = async (/** @type {[any, any]} */ ...args) =>
  remember(await instantiateStreaming(...args));

/** Bytes of linear memory, all modules together. */
export const linearMemory = () =>
  [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

/**
 * Our 8-bit encoder with any model that `bsmv quantize` made, on the pieces of a text.
 *
 * @param {Host} host @param {string} model
 * @returns {Promise<Contestant>}
 */
async function ours(host, model) {
  const start = async () => {
    const glue = await host.module("module/bsmv.js");
    const wasm = "module/bsmv_bg.wasm";
    await glue.default({ module_or_path: host.page ? host.at(wasm) : await host.bytes(wasm) });
    return glue;
  };
  const names = ["config.json", "encoder_int8.safetensors"];
  const [glue, ...files] = await Promise.all([
    start(),
    ...names.map((name) => host.bytes(`models/${model}/${name}`)),
  ]);
  const encoder = new glue.Encoder(...files);
  return { embed: ({ ids }) => encoder.embed(Uint32Array.from(ids)) };
}

/**
 * @param {ArrayLike<number>} states `[length, width]`
 * @param {number} width
 */
function pool(states, width) {
  const mean = new Float32Array(width);
  for (let i = 0; i < states.length; i++) mean[i % width] += states[i];
  const length = Math.hypot(...mean);
  return mean.map((x) => x / length);
}

/**
 * onnxruntime-web on the pieces of a text.
 *
 * @param {Host} host @param {string} model
 * @returns {Promise<Contestant>}
 */
async function onnxruntime(host, model) {
  const dist = "peers/onnxruntime-web/dist";
  const [ort, bytes] = await Promise.all([
    host.module(`${dist}/${host.page ? "ort.wasm.min.mjs" : "ort.node.min.mjs"}`),
    host.bytes(`models/minilm/onnx/${model}.onnx`),
  ]);
  ort.env.wasm.numThreads = 1;
  if (host.page) ort.env.wasm.wasmPaths = host.at(`${dist}/`);
  const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
  const session = await ort.InferenceSession.create(bytes, options);
  return {
    embed: async ({ ids }) => {
      const tensor = (/** @type {(id: number) => number} */ of) =>
        new ort.Tensor(
          "int64",
          BigInt64Array.from(ids, (id) => BigInt(of(id))),
          [1, ids.length],
        );
      const feeds = {
        input_ids: tensor((id) => id),
        attention_mask: tensor(() => 1),
        token_type_ids: tensor(() => 0),
      };
      const { data, dims } = (await session.run(feeds)).last_hidden_state;
      return pool(data, dims[2]);
    },
  };
}

/**
 * transformers.js on texts, which it cuts into pieces itself; in Node it runs the native onnxruntime.
 *
 * @param {Host} host @param {string} model
 * @returns {Promise<Contestant>}
 */
async function transformers(host, model) {
  const dist = "peers/@huggingface/transformers/dist";
  const name = host.page ? "transformers.min.js" : "transformers.node.mjs";
  const { env, pipeline } = await host.module(`${dist}/${name}`);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  // An address would do but for the tokenizer, which is looked for only by path.
  env.localModelPath = host.page ? "/models/" : host.at("models/");
  env.useBrowserCache = false;
  if (host.page) {
    const nested = "peers/@huggingface/transformers/node_modules/onnxruntime-web/dist/";
    env.backends.onnx.wasm.wasmPaths = host.at(nested);
    env.backends.onnx.wasm.numThreads = 1;
  }
  const extract = await pipeline("feature-extraction", "minilm", {
    device: host.page ? "wasm" : "cpu",
    dtype: "fp32",
    model_file_name: model,
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  return {
    embed: async ({ text }) => (await extract(text, { pooling: "mean", normalize: true })).data,
  };
}

/** By name, all with all-MiniLM-L6-v2 but `bsmv-own`. @type {Record<string, (host: Host) => Promise<Contestant>>} */
export const CONTESTANTS = {
  bsmv: (host) => ours(host, "minilm"),
  "bsmv-own": (host) => ours(host, "own"),
  // 8-bit weights that the runtime turns into f32 as it loads.
  "onnxruntime-weights": (host) => onnxruntime(host, "weights_int8"),
  "transformers-weights": (host) => transformers(host, "weights_int8"),
  // Products in 8 bits, as onnxruntime's quantizer makes them.
  "onnxruntime-int8": (host) => onnxruntime(host, "int8"),
  "transformers-int8": (host) => transformers(host, "int8"),
};

/**
 * Milliseconds of each of `runs` embeddings, the items in turn.
 *
 * @param {Contestant} contestant @param {Item[]} items @param {number} runs
 */
export async function time(contestant, items, runs) {
  const times = [];
  for (let run = 0; run < runs; run++) {
    const item = items[run % items.length];
    const begin = performance.now();
    await contestant.embed(item);
    times.push(performance.now() - begin);
  }
  return times;
}

/** @param {Contestant} contestant @param {Item[]} items */
export async function vectors(contestant, items) {
  const found = [];
  for (const item of items) found.push(Array.from(await contestant.embed(item)));
  return found;
}
