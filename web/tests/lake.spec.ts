// Is what the SQL page and the storage page say what the real server knows? Nothing is answered by the tests here.
import { api } from "./servers";
import { expect, panel, range, test } from "./worlds";

interface Breakdown { rows: { value: string; counts: { requests: number; failed: number } }[] }
interface Storage { tables: { name: string; rows: number; hotRows: number }[] }

const count = (value: number): string => value.toLocaleString("en-GB");

test("SQL counts what the cards count, and says what it read", async ({ worlds, open }) => {
  const hours = range(180, 1);
  const [from, to] = ["from", "to"].map((name) => new URLSearchParams(hours).get(name)?.replace("T", " ").replace(/\.000Z$/, ""));
  const known = await api<Breakdown>(worlds.steady, `/breakdown?by=issuer&${hours}`);
  expect(known.rows.length).toBeGreaterThan(1);
  const page = await open(worlds.steady, "/sql");
  await page.getByRole("textbox", { name: "SQL query" }).fill(
    `SELECT issuer, count(*) AS requests FROM attempts WHERE timestamp >= TIMESTAMP '${from}' AND timestamp < TIMESTAMP '${to}' GROUP BY issuer ORDER BY 2 DESC, 1`,
  );
  await page.keyboard.press("Control+Enter");
  const result = panel(page, "sql-result");
  await expect(result).toHaveAttribute("data-phase", "done");
  const shown: [string, number][] = [];
  for (let row = 0; row < known.rows.length; row += 1) {
    const cells = await Promise.all([0, 1].map((column) => page.locator(`#cell-${row}-${column}`).innerText()));
    shown.push([cells[0] ?? "", Number((cells[1] ?? "").replace(/\D/g, ""))]);
  }
  const expected = new Map(known.rows.map((row) => [row.value, row.counts.requests]));
  expect(new Map(shown)).toEqual(expected);
});

test("a mistake is told by the server with its place and what to write", async ({ worlds, open, complaints }) => {
  const page = await open(worlds.steady, "/sql");
  await page.getByRole("textbox", { name: "SQL query" }).fill("SELECT\n  walet_provider\nFROM token_provisioning_logs");
  await page.keyboard.press("Control+Enter");
  await expect(panel(page, "sql-result")).toContainText("Line 2, column 3");
  await expect(panel(page, "sql-result")).toContainText("wallet_provider");
  await expect(page.locator(".cm-lintRange-error")).toHaveText("walet_provider");
  complaints.splice(0, complaints.length, ...complaints.filter((each) => !/Failed to load resource/.test(each)));
});

test("the storage page shows every table's rows, in files or in memory", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/admin/storage");
  await expect(panel(page, "storage-tables")).toHaveAttribute("data-face", "ready");
  // Rows go from memory to files while the page is open: their sum stands still.
  await expect(async () => {
    const known = await api<Storage>(worlds.steady, "/storage");
    for (const table of known.tables) {
      const cells = page.locator(`[data-table="${table.name}"] td`);
      const sum = (await Promise.all([2, 3].map((place) => cells.nth(place).innerText()))).reduce((sum, text) => sum + Number(text.replace(/\D/g, "")), 0);
      expect(count(sum), table.name).toBe(count(table.rows + table.hotRows));
    }
    const attempts = known.tables.find((table) => table.name === "token_provisioning_logs");
    expect((attempts?.rows ?? 0) + (attempts?.hotRows ?? 0)).toBeGreaterThan(1_000);
  }).toPass({ timeout: 30_000 });
});
