// Which pages are there, and by which keys?
import type { IconName } from "./icons";

export interface Page {
  path: "/ops" | "/errors" | "/performance" | "/funnel" | "/requests";
  title: string;
  icon: IconName;
  /** After `g`. */
  key: string;
}

export const PAGES: readonly Page[] = [
  { path: "/ops", title: "Operations", icon: "overview", key: "o" },
  { path: "/errors", title: "Errors", icon: "errors", key: "e" },
  { path: "/performance", title: "Performance", icon: "performance", key: "p" },
  { path: "/funnel", title: "Step-up funnel", icon: "funnel", key: "f" },
  { path: "/requests", title: "Requests", icon: "requests", key: "r" },
];
