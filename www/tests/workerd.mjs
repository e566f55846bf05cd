/** The edge worker in real workerd, from the package as it is published. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./browser.mjs";
import { answers, freePort } from "./site.mjs";

const FOLDER = join(ROOT, "target/npm/edge");
/** npm brings the program for this machine beside its package, which only starts it. */
const PROGRAMS = join(ROOT, "www/node_modules/@cloudflare");

function program() {
  const [name] = readdirSync(PROGRAMS).filter((name) => name.startsWith("workerd-"));
  return join(PROGRAMS, name, "bin/workerd");
}

/**
 * The package's configuration with `probe.js` in front, which answers what only tests ask.
 */
function probed() {
  const config = readFileSync(join(FOLDER, "config.capnp"), "utf8");
  const probe = '(name = "probe.js", esModule = embed "../../../www/tests/probe.js"),';
  const path = join(FOLDER, "probed.capnp");
  writeFileSync(path, config.replace("modules = [", `modules = [\n    ${probe}`));
  return path;
}

/**
 * Starts workerd; resolves when it listens.
 *
 * @param {{ env?: Record<string, string>, probe?: boolean, inspector?: boolean }} [options]
 */
export async function workerd({ env = {}, probe = false, inspector = false } = {}) {
  const [port, inspectorPort] = [await freePort(), await freePort()];
  const config = probe ? probed() : join(FOLDER, "config.capnp");
  const args = ["serve", config, `--socket-addr=http=127.0.0.1:${port}`];
  if (inspector) args.push(`--inspector-addr=127.0.0.1:${inspectorPort}`);
  const child = spawn(program(), args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk;
    });
  }
  const address = `http://127.0.0.1:${port}`;
  const dead = () => child.exitCode !== null;
  if (!(await answers(address, dead))) throw new Error(`workerd doesn't answer:\n${said}`);
  return {
    address,
    inspector: `http://127.0.0.1:${inspectorPort}/json`,
    pid: /** @type {number} */ (child.pid),
    /** What it printed so far. */
    said: () => said,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}
