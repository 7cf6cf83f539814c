// Servers for the tests: the real binary over folders of its own, filled through the real wire.
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// It asks for a newer Node than the project does, and works on this one.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

export const BINARY = resolve(process.env["WALLETSCOPE_BIN"] ?? "../bin/walletscope");
const START_MS_MAX = 30_000;
export const GROUP = "/aws/lambda/token-provisioning-service";

/** What a test needs to know of a server. */
export interface Server {
  url: string;
  folder: string;
  pid: number;
  /** A link that signs one browser in. */
  link: string;
  token: string;
}

/** Starts one over an empty folder. */
export async function start(folder = mkdtempSync(join(tmpdir(), "walletscope-web-")), port?: number): Promise<Server> {
  const at = `127.0.0.1:${port ?? (await freePort())}`;
  const child = spawn(BINARY, ["serve", "--data", folder, "--listen", at], { stdio: ["ignore", "pipe", "pipe"] });
  const [url, link] = await Promise.all([
    lineOf(child, "stdout", /^ready (\S+)$/m),
    lineOf(child, "stderr", /^sign in: (\S+)$/m),
  ]);
  child.unref();
  const credentials = readFileSync(join(folder, "credentials"), "utf8");
  const token = /^walletscope_api_token\s*=\s*(\S+)$/m.exec(credentials)?.[1] ?? "";
  return { url, folder, pid: child.pid ?? 0, link, token };
}

function lineOf(child: ChildProcess, stream: "stdout" | "stderr", line: RegExp): Promise<string> {
  return new Promise((found, failed) => {
    let text = "";
    const timer = setTimeout(() => failed(new Error(`no line ${line} on ${stream}: ${text}`)), START_MS_MAX);
    child[stream]?.on("data", (piece: Buffer) => {
      text += piece.toString();
      const match = line.exec(text);
      if (!match) return;
      clearTimeout(timer);
      found(match[1] ?? "");
    });
    child.once("exit", (code) => failed(new Error(`${BINARY} left with ${code}: ${text}`)));
  });
}

/** Ends it as an operator would; with `keep`, its folder stays. */
export async function stop(server: Server, keep = false): Promise<void> {
  try {
    process.kill(server.pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
  for (let tries = 0; tries < 150 && isRunning(server.pid); tries += 1) await pause(100);
  if (!keep) rmSync(server.folder, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs the binary to its end and returns what it wrote. */
export function run(...words: string[]): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(BINARY, words, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (piece: Buffer) => (text += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (text += piece.toString()));
    child.once("exit", (code) => (code === 0 ? done(text) : failed(new Error(`${words.join(" ")} left with ${code}: ${text}`))));
  });
}

/** Plays traffic into a server and comes back when it was played. */
export async function play(server: Server, ...words: string[]): Promise<void> {
  await run("simulate", "--endpoint", server.url, "--data", server.folder, ...words);
}

/** Plays traffic until its process is ended. */
export function playOn(server: Server, ...words: string[]): number {
  const child = spawn(BINARY, ["simulate", "--endpoint", server.url, "--data", server.folder, ...words], { stdio: "ignore" });
  child.unref();
  return child.pid ?? 0;
}

/** The stock client of AWS for JavaScript, pointed at a server. */
export function logsClient(server: Server): CloudWatchLogsClient {
  const credentials = readFileSync(join(server.folder, "credentials"), "utf8");
  const value = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, "m").exec(credentials)?.[1] ?? "";
  return new CloudWatchLogsClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: value("aws_access_key_id"), secretAccessKey: value("aws_secret_access_key") },
  });
}

let streams = 0;

/** Sends events, a JSON object each, at the time that stands in `at` (milliseconds; now where it is missing). */
export async function send(server: Server, events: readonly ({ at?: number } & Record<string, unknown>)[]): Promise<void> {
  const client = logsClient(server);
  const stream = `test-${process.pid}-${Date.now()}-${(streams += 1)}`;
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP })).catch(() => undefined);
  await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: stream }));
  const logEvents = events
    .map(({ at, ...message }) => ({ timestamp: Math.round(at ?? Date.now()), message: JSON.stringify(message) }))
    .sort((left, right) => left.timestamp - right.timestamp);
  await client.send(new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: stream, logEvents }));
  client.destroy();
}

/** A START and, unless it is left pending, an end `tookMs` later. */
export function attempt(id: string, facts: { at?: number; tookMs?: number; end?: "SUCCESS" | "FAILURE" | null } & Record<string, unknown> = {}): ({ at: number } & Record<string, unknown>)[] {
  const { at = Date.now() - 2_000, tookMs = 1_245, end = "SUCCESS", ...others } = facts;
  const { reasonCode, ...start } = others;
  const ids = { requestId: `req-${id}`, correlationId: id };
  const started = { at, event: "TOKEN_PROVISION_START", walletProvider: "ApplePay", issuer: "DEMO_Bank", ...start, ...ids };
  if (end === null) return [started];
  return [started, { at: at + tookMs, event: `TOKEN_PROVISION_${end}`, processingTime: tookMs / 1_000, ...(reasonCode ? { reasonCode } : {}), ...ids }];
}

/** What the JSON API answers. */
export async function api<T = Record<string, never>>(server: Server, path: string): Promise<T> {
  const response = await fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${server.token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Asks until the answer is as wanted. */
export async function eventually<T>(server: Server, path: string, isWanted: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const answer = await api<T>(server, path).catch(() => null);
    if (answer !== null && isWanted(answer)) return answer;
    if (tries === 100) throw new Error(`${path} did not become as wanted: ${JSON.stringify(answer).slice(0, 500)}`);
    await pause(100);
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((done) => setTimeout(done, millis));
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}
