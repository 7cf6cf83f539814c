// Writes the dashboards as JSON, into the folder named or the one they are committed in.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { errors } from "./errors.js";
import { geography } from "./geography.js";
import { performance } from "./performance.js";
import { realTimeStatus } from "./realTimeStatus.js";

const DASHBOARDS: Record<string, () => DashboardBuilder> = {
  "real-time-status.json": realTimeStatus,
  "errors.json": errors,
  "performance.json": performance,
  "geography.json": geography,
};

const folder = process.argv[2] ?? join(import.meta.dirname, "..", "dashboards");
mkdirSync(folder, { recursive: true });
for (const [file, make] of Object.entries(DASHBOARDS)) {
  const dashboard = make().build();
  for (const [index, panel] of (dashboard.panels ?? []).entries()) {
    panel.id = index + 1;
  }
  writeFileSync(join(folder, file), `${JSON.stringify(dashboard, null, 2)}\n`);
}
