import { expect, it } from "vitest";
import { eachJsonLine, lineReader } from "./jsonLines";

const TEXT = '{"rows":[["Zürich 🏦",1]]}\n\r\n{"progress":{"rowsScanned":12}}\n{"done":{"rows":1}}';
const LINES = [{ rows: [["Zürich 🏦", 1]] }, { progress: { rowsScanned: 12 } }, { done: { rows: 1 } }];

it("finds the same lines wherever the pieces end", () => {
  const whole = new TextEncoder().encode(TEXT);
  for (let size = 1; size <= whole.length; size += 1) {
    const reader = lineReader();
    const found: string[] = [];
    for (let at = 0; at < whole.length; at += size) found.push(...reader.push(whole.slice(at, at + size)));
    found.push(...reader.end());
    expect(found.map((line) => JSON.parse(line) as unknown), `pieces of ${size}`).toEqual(LINES);
  }
});

it("hands on what came together, and ends with the answer", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.slice(0, 40));
      controller.enqueue(bytes.slice(40));
      controller.close();
    },
  });
  const batches: unknown[][] = [];
  await eachJsonLine(body, (lines) => batches.push(lines));
  expect(batches.flat()).toEqual(LINES);
  expect(batches.length).toBe(3);
});

it("says that a line is not JSON", async () => {
  const body = new Response("{}\n{half").body;
  await expect(eachJsonLine(body as ReadableStream<Uint8Array>, () => undefined)).rejects.toThrow(SyntaxError);
});
