// Which pages are there, and by which keys?
import type { IconName } from "./icons";

export const GROUPS = ["Operate", "Admin"] as const;

export interface Page {
  path: "/ops" | "/errors" | "/performance" | "/funnel" | "/requests" | "/logs" | "/logs/filters" | "/sql" | "/sources" | "/admin/storage";
  /** Where it stands in the rail. */
  group: (typeof GROUPS)[number];
  title: string;
  icon: IconName;
  /** After `g`. */
  key: string;
  /** It shows the same for every range and filter, so it offers none. */
  isTimeless?: boolean;
  /** It follows the range, and what attempts are filtered by means nothing to it. */
  isUnfiltered?: boolean;
}

export const PAGES: readonly Page[] = [
  { path: "/ops", group: "Operate", title: "Operations", icon: "overview", key: "o" },
  { path: "/errors", group: "Operate", title: "Errors", icon: "errors", key: "e" },
  { path: "/performance", group: "Operate", title: "Performance", icon: "performance", key: "p" },
  { path: "/funnel", group: "Operate", title: "Step-up funnel", icon: "funnel", key: "f" },
  { path: "/requests", group: "Operate", title: "Requests", icon: "requests", key: "r" },
  { path: "/logs", group: "Operate", title: "Logs", icon: "logs", key: "l", isUnfiltered: true },
  { path: "/logs/filters", group: "Operate", title: "Metric filters", icon: "metric", key: "m", isTimeless: true },
  { path: "/sql", group: "Operate", title: "SQL", icon: "sql", key: "s", isTimeless: true },
  { path: "/sources", group: "Admin", title: "Sources", icon: "sources", key: "c", isTimeless: true },
  { path: "/admin/storage", group: "Admin", title: "Storage", icon: "storage", key: "d", isTimeless: true },
];

/** The page of a path, or of what is below it. */
export function pageOf(path: string): Page | undefined {
  return PAGES.filter((page) => path === page.path || path.startsWith(`${page.path}/`)).sort((left, right) => right.path.length - left.path.length)[0];
}
