// Which time was typed? As people write times: relative, as a date, as a date with a clock time.

/** The address' form of what was typed; null where it means nothing. A time without a zone is of the zone that is shown. */
export function normal(text: string, zone: "utc" | "local"): string | null {
  const trimmed = text.trim();
  if (/^now(-\d{1,9}[smhdw])?$/.test(trimmed) || /^\d{12,15}$/.test(trimmed)) return trimmed;
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:\d{2})?$/.exec(trimmed);
  if (!match) return null;
  const clock = match[2] ?? "00:00:00";
  // Without a zone behind it, the language reads a date with a clock time as local.
  const behind = match[3] ?? (zone === "utc" ? "Z" : "");
  const parsed = Date.parse(`${match[1]}T${clock.length === 5 ? `${clock}:00` : clock}${behind}`);
  return Number.isNaN(parsed) ? null : new Date(parsed).toISOString();
}
