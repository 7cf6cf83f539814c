// Do the answers of the JSON API fit the interfaces of the brief? The interfaces are cut out of fixtures/brief.md, the
// answers are fetched from a running server, and the TypeScript compiler compares them: object literals assigned to
// typed constants, so that a missing, a surplus and a wrongly typed member are all errors. Beside each answer stand
// wrong ones that the compiler must refuse; if it accepts one, the check has lost its teeth and fails.
//
//   WALLETSCOPE_URL=http://127.0.0.1:7300 WALLETSCOPE_TOKEN=… node tests/web-types/check.mjs

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const REQUESTS_CHECKED_MAX = 500;

/** Ways to be wrong: each takes a right answer and returns a wrong one. */
const wrongMetrics = {
  "a number for averageTime": (metrics) => ({ ...metrics, averageTime: 1.25 }),
  "a text for totalRequests": (metrics) => ({ ...metrics, totalRequests: "2" }),
  "null for successRate": (metrics) => ({ ...metrics, successRate: null }),
  "a surplus member": (metrics) => ({ ...metrics, pending: 0 }),
  "a missing member": ({ activeTokens, ...metrics }) => metrics,
};
const wrongRequest = {
  "a fourth status": (request) => ({ ...request, status: "ABANDONED" }),
  "a number for time": (request) => ({ ...request, time: 0 }),
  "null for reason": (request) => ({ ...request, reason: null }),
  "a surplus member": (request) => ({ ...request, detail: {} }),
  "a missing member": ({ device, ...request }) => request,
};

const brief = readFileSync(join(here, "../../fixtures/brief.md"), "utf8");
const { metrics } = await fetchJson("/api/v1/metrics");
const requests = (await fetchJson("/api/v1/requests")).requests.map(({ detail, ...request }) => request);
if (requests.length === 0) fail("the server knows no request; send some events first");

const answers = [
  constant("metrics", "TokenMetrics", metrics),
  ...requests.slice(0, REQUESTS_CHECKED_MAX).map((request, at) => constant(`request${at}`, "TokenRequest", request)),
];
const refused = [
  ...mustBeRefused("TokenMetrics", metrics, wrongMetrics),
  ...mustBeRefused("TokenRequest", requests[0], wrongRequest),
];
const interfaces = ["TokenMetrics", "TokenRequest"].map(interfaceOfBrief);

const right = compile([...interfaces, ...answers, ...refused]);
if (right.status !== 0) fail(`the answers do not fit the interfaces of the brief:\n${right.stdout}`);

// The compiler must really have run: the same file with one open error has to fail with just that error.
const wrong = compile([...interfaces, constant("wrong", "TokenMetrics", { ...metrics, averageTime: 1.25 })]);
if (wrong.status === 0 || !wrong.stdout.includes("error TS2322")) fail("the compiler accepted a wrong answer");

console.log(`web types: 1 TokenMetrics and ${answers.length - 1} TokenRequest fit, ${refused.length} wrong ones refused`);

/** `interface Name { … }` as the brief writes it. */
function interfaceOfBrief(name) {
  const found = brief.match(new RegExp(`interface ${name} \\{[^}]*\\}`));
  if (!found) fail(`fixtures/brief.md has no interface ${name}`);
  return found[0];
}

/** One line, because an expected error is expected on the line below its mark. */
function constant(name, type, value) {
  return `export const ${name}: ${type} = ${JSON.stringify(value)};`;
}

function mustBeRefused(type, value, ways) {
  return Object.entries(ways).map(([way, spoil], at) => {
    return `// @ts-expect-error ${way}\n${constant(`wrong${type}${at}`, type, spoil(value))}`;
  });
}

function compile(lines) {
  const folder = mkdtempSync(join(tmpdir(), "walletscope-web-types-"));
  try {
    const file = join(folder, "answers.ts");
    writeFileSync(file, `${lines.join("\n")}\n`);
    const compiler = join(here, "node_modules/typescript/bin/tsc");
    const options = ["--strict", "--noEmit", "--pretty", "false", "--target", "es2022"];
    return spawnSync(process.execPath, [compiler, ...options, file], { cwd: folder, encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchJson(path) {
  const { WALLETSCOPE_URL: url, WALLETSCOPE_TOKEN: token } = process.env;
  if (!url || !token) fail("WALLETSCOPE_URL and WALLETSCOPE_TOKEN must name a running server");
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) fail(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

function fail(message) {
  console.error(`web types: ${message}`);
  process.exit(1);
}
