// Small drawings, 16 × 16. Each is beside a word, so none is read aloud.
import type { ReactNode } from "react";

const PATHS = {
  success: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM4.8 8.2l2.2 2.2 4.2-4.6",
  failed: "M8 1.8 15 14.2H1ZM8 6.4v3.4M8 11.8v.4",
  pending: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.4V8l2.6 1.7",
  abandoned: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM5 8h6",
  notice: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.6v4M8 11v.4",
  overview: "M2 13h12M3.5 10.5l3-4 2.5 2 3.5-5",
  errors: "M8 1.8 15 14.2H1ZM8 6.4v3.4M8 11.8v.4",
  performance: "M2.5 12a6 6 0 1 1 11 0M8 9.5l3-3.6",
  funnel: "M2 3h12l-4.6 5.4V13l-2.8-1.6v-3Z",
  requests: "M2.5 3.5h11M2.5 8h11M2.5 12.5h7",
  logs: "M3 2.5h7l3 3v8H3ZM5.5 7h5M5.5 9.2h5M5.5 11.4h3",
  metric: "M2 3h12l-4.6 5.4V13l-2.8-1.6v-3ZM12 10.5v3M10.5 12h3",
  sql: "M2.5 4.5 6 8l-3.5 3.5M8 12h5.5",
  storage: "M2.5 4a5.5 2.2 0 1 0 11 0 5.5 2.2 0 1 0-11 0ZM2.5 4v8a5.5 2.2 0 0 0 11 0V4M2.5 8a5.5 2.2 0 0 0 11 0",
  sources: "M5.5 1.5v3.5M10.5 1.5v3.5M3.5 5h9v2.5a4.5 4.5 0 0 1-9 0ZM8 12v2.5",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4l3.4 3.4",
  close: "M4 4l8 8M12 4l-8 8",
  left: "M10 3 5 8l5 5",
  right: "M6 3l5 5-5 5",
  out: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4l3.4 3.4M5 7h4",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6l8-4.8Z",
  copy: "M5.5 5.5h7v8h-7ZM3.5 10.5v-8h7",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  plus: "M8 3v10M3 8h10",
  link: "M6.5 9.5l3-3M7 4.8l1.6-1.6a2.8 2.8 0 0 1 4 4L11 8.8M9 11.2l-1.6 1.6a2.8 2.8 0 0 1-4-4L5 7.2",
  late: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5M8 5v3l2 1.2M11 2.5h3v3",
  down: "M3 6l5 5 5-5",
  table: "M2.5 3.5h11v9h-11ZM2.5 6.5h11M6.5 6.5v6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
