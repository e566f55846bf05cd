/**
 * The edge worker in workerd: requests at once, time from cold, processor time and memory.
 * Needs the package in target/npm.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fixtures } from "../tests/fixtures.mjs";
import { workerd } from "../tests/workerd.mjs";

const REQUESTS = 1000;
const AT_ONCE = 20;
const COLD_STARTS = 5;
/** The inspector now and then hangs, and the isolate with it: then another one is asked. */
const INSPECTOR_MS = 10_000;
const INSPECTED = 3;

const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const SAMPLES = fixtures().map(({ request }) => request);

/** Requests that are all different, so that none is answered from the worker's cache. */
const bodies = Array.from({ length: REQUESTS }, (_, i) => {
  const { post, ...rest } = SAMPLES[i % SAMPLES.length];
  return JSON.stringify({ ...rest, post: { ...post, text: `${post.text} ${i}` } });
});

/** @param {string} address @param {string} body @returns {Promise<number>} milliseconds */
async function score(address, body) {
  const start = performance.now();
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${address}/score`, { method: "POST", headers, body });
  const { bsmv } = await answer.json();
  if (answer.status !== 200 || !(bsmv >= 0)) throw new Error(`status ${answer.status}`);
  return performance.now() - start;
}

/** Milliseconds of processor that a process has used, all its threads. @param {number} pid */
function processor(pid) {
  // The name, in brackets, may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000;
}

/** Megabytes. @param {number} pid @param {string} what */
const memory = (pid, what) =>
  Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) /
  1000;

/**
 * What the inspector says of the isolate: its heap, and the buffers beside it, the model's files
 * among them but not the module's linear memory.
 *
 * @param {string} inspector
 * @returns {Promise<{ usedSize: number, backingStorageSize: number }>} bytes
 */
async function heap(inspector) {
  const [{ webSocketDebuggerUrl }] = await (await fetch(inspector)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  const message = await new Promise((resolve, reject) => {
    const late = new Error("workerd's inspector did not answer");
    setTimeout(() => reject(late), INSPECTOR_MS).unref();
    socket.onerror = reject;
    socket.onmessage = resolve;
    socket.onopen = () => socket.send('{"id":1,"method":"Runtime.getHeapUsage"}');
  });
  socket.close();
  return JSON.parse(message.data).result;
}

/** @param {number[]} times @param {number} share */
const at = (times, share) =>
  [...times].sort((a, b) => a - b)[Math.floor(share * (times.length - 1))].toFixed(1);

/** Times until workerd listens, and of the first score after that. @type {{ listens: number, first: number, cpu: number }[]} */
const starts = [];
for (let i = 0; i < COLD_STARTS; i++) {
  const begin = performance.now();
  const edge = await workerd();
  const listens = performance.now() - begin;
  const before = processor(edge.pid);
  const first = await score(edge.address, bodies[0]);
  starts.push({ listens, first, cpu: processor(edge.pid) - before });
  await edge.stop();
}

const edge = await workerd({ probe: true });
await score(edge.address, bodies[0]);
const before = processor(edge.pid);
const begin = performance.now();
/** @type {number[]} */
const times = [];
let failed = 0;
let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < REQUESTS) {
      try {
        times.push(await score(edge.address, bodies[next++]));
      } catch (error) {
        failed += 1;
        console.error(error);
      }
    }
  }),
);
const seconds = (performance.now() - begin) / 1000;
const cpu = (processor(edge.pid) - before) / REQUESTS;
const resident = memory(edge.pid, "VmRSS");
const own = memory(edge.pid, "RssAnon");
const alone = [];
for (const body of bodies.slice(0, 200)) {
  alone.push(await score(edge.address, body.replace('"text":"', '"text":"again: ')));
}
const { linear } = await (await fetch(`${edge.address}/memory`)).json();
await edge.stop();

/** @type {Awaited<ReturnType<typeof heap>> | undefined} */
let usage;
for (let i = 0; i < INSPECTED && !usage; i++) {
  const inspected = await workerd({ inspector: true });
  for (const body of bodies.slice(0, 100)) await score(inspected.address, body);
  usage = await heap(inspected.inspector).catch((error) => {
    console.error(String(error));
    return undefined;
  });
  await inspected.stop();
}
if (!usage) throw new Error(`${INSPECTED} isolates did not tell of their memory`);

const median = (/** @type {"listens" | "first" | "cpu"} */ what) =>
  at(
    starts.map((start) => start[what]),
    0.5,
  );
const mb = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
console.log(
  `edge: ${REQUESTS} requests, ${AT_ONCE} at once: ${failed} failed, ${(REQUESTS / seconds).toFixed(0)}/s, ` +
    `p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms; one at a time p50 ${at(alone, 0.5)} ms, p99 ${at(alone, 0.99)} ms`,
);
console.log(
  `edge: from cold (median of ${COLD_STARTS}): workerd listens after ${median("listens")} ms, ` +
    `first score ${median("first")} ms later, ${median("cpu")} ms of processor`,
);
console.log(`edge: ${cpu.toFixed(1)} ms of processor per post, all of workerd's threads`);
console.log(
  `edge: isolate ${mb(linear + usage.usedSize + usage.backingStorageSize)} MB: ` +
    `linear memory ${mb(linear)}, heap ${mb(usage.usedSize)}, buffers ${mb(usage.backingStorageSize)}; ` +
    `workerd ${resident.toFixed(0)} MB resident, ${own.toFixed(0)} of them its own`,
);
