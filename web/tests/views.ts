// Which panels has each page? The table that the tests of faces walk; a panel that is not in it fails them.

export interface View {
  /** A stable name for files. */
  name: string;
  path: string;
  panels: readonly string[];
  /** What must be in sight without scrolling, at any width. */
  first: string;
}

export const VIEWS: readonly View[] = [
  { name: "ops", path: "/ops", first: '[data-card="requests"]', panels: ["cards", "trend", "failure-rate", "reasons", "heat", "hourly", "wallets", "issuers", "feed", "geography"] },
  { name: "errors", path: "/errors", first: '[data-panel="errors-over-time"] .chart', panels: ["errors-over-time", "errors-table"] },
  { name: "performance", path: "/performance", first: '[data-panel="durations-over-time"] .chart', panels: ["durations-over-time", "distribution", "durations-heat", "stages", "durations-table", "slowest"] },
  { name: "funnel", path: "/funnel", first: '[data-panel="flow"] svg', panels: ["flow", "steps", "funnel-groups"] },
  { name: "requests", path: "/requests", first: "[data-row]", panels: ["requests"] },
  { name: "request", path: "/requests/corr_shared_1", first: "[data-record]", panels: ["request"] },
  { name: "candidates", path: "/go/req-of-two", first: '[data-panel="candidates"] table', panels: ["candidates"] },
];

/** Views that do not follow both range and filters, and so have other faces: each has a file of tests of its own. */
export const OWN_VIEWS: readonly View[] = [
  { name: "logs", path: "/logs", first: "[data-line]", panels: ["logs-query", "logs-histogram", "logs-fields", "logs-lines"] },
  { name: "log-filters", path: "/logs/filters", first: '[data-panel="filter-editor"] .cm-content', panels: ["filter-editor", "filters", "subscriptions"] },
  { name: "sql", path: "/sql", first: '[data-panel="sql-query"] .cm-content', panels: ["sql-schema", "sql-query", "sql-start"] },
  { name: "storage", path: "/admin/storage", first: '[data-card="disk"]', panels: ["storage-figures", "storage-tables", "storage-maintenance"] },
  { name: "sources", path: "/sources", first: "[data-source]", panels: ["sources"] },
];
