// Which pages are there, and by which keys?
import type { IconName } from "./icons";

export const GROUPS = ["Operate", "Admin"] as const;

export interface Page {
  path: "/ops" | "/errors" | "/performance" | "/funnel" | "/requests" | "/sql" | "/admin/storage";
  /** Where it stands in the rail. */
  group: (typeof GROUPS)[number];
  title: string;
  icon: IconName;
  /** After `g`. */
  key: string;
  /** It shows the same for every range and filter, so it offers none. */
  isTimeless?: boolean;
}

export const PAGES: readonly Page[] = [
  { path: "/ops", group: "Operate", title: "Operations", icon: "overview", key: "o" },
  { path: "/errors", group: "Operate", title: "Errors", icon: "errors", key: "e" },
  { path: "/performance", group: "Operate", title: "Performance", icon: "performance", key: "p" },
  { path: "/funnel", group: "Operate", title: "Step-up funnel", icon: "funnel", key: "f" },
  { path: "/requests", group: "Operate", title: "Requests", icon: "requests", key: "r" },
  { path: "/sql", group: "Operate", title: "SQL", icon: "sql", key: "s", isTimeless: true },
  { path: "/admin/storage", group: "Admin", title: "Storage", icon: "storage", key: "d", isTimeless: true },
];
