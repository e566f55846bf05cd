/** What the tests that need a browser share: finding one, starting it, and the real server. */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Longest wait for the server to print its address, and for a page to be ready. */
export const PATIENCE = 60_000;

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** The first Chromium on the path, or `CHROMIUM`. */
function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      try {
        const path = join(directory, name);
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here: look on.
      }
    }
  }
  throw new Error("no Chromium: ./build.sh setup installs it, or set CHROMIUM to its path");
}

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless browser that talks to nobody but the pages it is given. */
export function launch() {
  return chromium.launch({ executablePath: executable(), args: ARGS });
}

/**
 * The same with an extension, and no names of hosts.
 *
 * @param {string} extension its folder
 * @param {string} profile an empty folder
 * @param {{ language: string, colorScheme?: "light" | "dark" }} options
 */
export function launchWith(extension, profile, { language, colorScheme }) {
  const own = [
    `--disable-extensions-except=${extension}`,
    `--load-extension=${extension}`,
    "--host-resolver-rules=MAP * ~NOTFOUND",
    `--lang=${language}`,
  ];
  return chromium.launchPersistentContext(profile, {
    executablePath: executable(),
    ignoreDefaultArgs: ["--disable-extensions"],
    args: [...ARGS, ...own],
    env: { ...process.env, LANGUAGE: language },
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    colorScheme,
  });
}

/** The native program. */
export const BSMV = join(ROOT, "target/release/bsmv");

/**
 * Starts `bsmv serve` on a free port.
 *
 * @param {{ args?: string[], cwd?: string }} [options] `cwd`: where `www` and `models` are
 * @returns {Promise<{ address: string, stop: () => Promise<void> }>}
 */
export async function serve({ args = [], cwd = ROOT } = {}) {
  const child = spawn(BSMV, ["serve", "--addr", "127.0.0.1:0", ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`no address from bsmv serve:\n${said}`)),
      PATIENCE,
    );
    const read = (/** @type {Buffer} */ chunk) => {
      said += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (!found) return;
      clearTimeout(late);
      resolve(found[0]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`bsmv serve ended:\n${said}`)));
  });
  return {
    address,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}
