// How are numbers and times written? Nothing here computes a measure; the server did.

const whole = new Intl.NumberFormat("en-GB");

export const DASH = "–";

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? DASH : whole.format(value);
}

/** A fraction as per cent with one digit. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? DASH : `${(value * 100).toFixed(1)} %`;
}

/** How many in a unit of time: with one digit where it is small. */
export function rate(value: number): string {
  return value === 0 || value >= 9.95 ? count(Math.round(value)) : value < 0.05 ? "< 0.1" : value.toFixed(1);
}

/** A duration in seconds as people read it. */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value < 0.9995) return `${Math.round(value * 1_000)} ms`;
  if (value < 99.5) return `${value.toFixed(2)} s`;
  if (value < 5_400) return `${Math.round(value / 60)} min`;
  return value < 172_800 ? `${(value / 3_600).toFixed(1)} h` : `${(value / 86_400).toFixed(1)} d`;
}

/** A duration that grows while it is read: whole seconds. */
export function wholeSeconds(millis: number): string {
  const whole = Math.max(0, Math.round(millis / 1_000));
  return whole < 100 ? `${whole} s` : seconds(whole);
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** An amount of data in decimal units, three digits long. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  let [size, unit] = [value, 0];
  // What would be written as 1000 is 1.00 of the next unit.
  while (size >= 999.5 && unit < BYTE_UNITS.length - 1) [size, unit] = [size / 1_000, unit + 1];
  const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${size.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** A signed difference of two values, both known. */
export function difference(now: number | null, before: number | null, unit: "percent" | "points"): string | null {
  if (now === null || before === null) return null;
  if (unit === "points") return signed((now - before) * 100, " pt");
  return before === 0 ? null : signed(((now - before) / before) * 100, " %");
}

function signed(value: number, unit: string): string {
  const text = Math.abs(value).toFixed(1);
  const sign = text === "0.0" ? "±" : value > 0 ? "+" : "−";
  return `${sign}${text}${unit}`;
}

/** A time as text in UTC or the browser's zone. */
export function time(at: string | number, zone: "utc" | "local", form: "clock" | "minute" | "second" | "full"): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  const iso = (zone === "utc" ? date : local).toISOString();
  if (form === "clock") return iso.slice(11, 19);
  return iso.slice(0, { minute: 16, second: 19, full: 23 }[form]).replace("T", " ");
}

/** How long ago, coarsely. */
export function ago(millis: number): string {
  return millis < 1_000 ? "now" : `${seconds(Math.round(millis / 1_000))} ago`;
}
