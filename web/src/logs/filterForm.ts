// What is written in the form of a metric filter? Pure: text as it stands in the fields, to what the API takes and back.
import type { MetricFilter, MetricFilterWritten, Transformation } from "../api/logs";
import type { Search } from "../url/search";

export interface Dimension {
  name: string;
  place: string;
}

export interface FilterForm {
  group: string;
  name: string;
  pattern: string;
  metricNamespace: string;
  metricName: string;
  metricValue: string;
  defaultValue: string;
  unit: string;
  dimensions: readonly Dimension[];
}

export type FormField = Exclude<keyof FilterForm, "dimensions"> | "dimensions";

export const DIMENSIONS_MAX = 3;

/** The units of a metric, as AWS names them. */
export const UNITS: readonly string[] = [
  "None", "Count", "Seconds", "Milliseconds", "Microseconds", "Percent", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits",
  "Count/Second", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
];

export function formOf(filter: MetricFilter): FilterForm {
  return {
    ...filter,
    defaultValue: filter.defaultValue === null ? "" : String(filter.defaultValue),
    unit: filter.unit ?? "None",
    dimensions: Object.entries(filter.dimensions).map(([name, place]) => ({ name, place })),
  };
}

/** A filter that counts what matches, of the group and pattern in the address. */
export function newForm(search: Search, group: string): FilterForm {
  return { group, name: "", pattern: search.pattern ?? "", metricNamespace: "", metricName: "", metricValue: "1", defaultValue: "", unit: "None", dimensions: [] };
}

/** What is missing or no number, by field; what a pattern or a place means says the server. */
export function mistakes(form: FilterForm): Partial<Record<FormField, string>> {
  const found: Partial<Record<FormField, string>> = {};
  if (form.group === "") found.group = "Choose the log group whose lines are counted.";
  if (form.name.trim() === "") found.name = "A filter needs a name.";
  if (form.metricNamespace.trim() === "") found.metricNamespace = "A metric needs a namespace, such as TokenProvisioning.";
  if (form.metricName.trim() === "") found.metricName = "A metric needs a name.";
  if (form.metricValue.trim() === "") found.metricValue = "Write 1 to count, or a place such as $.processingTime.";
  if (form.defaultValue.trim() !== "" && !isNumber(form.defaultValue)) found.defaultValue = "The default value is a number.";
  const named = form.dimensions.map((dimension) => dimension.name.trim());
  if (form.dimensions.some(({ name, place }) => (name.trim() === "") !== (place.trim() === ""))) found.dimensions = "A dimension needs both a name and a place.";
  else if (new Set(named.filter(Boolean)).size < named.filter(Boolean).length) found.dimensions = "Two dimensions have the same name.";
  return found;
}

function isNumber(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim());
}

export function written(form: FilterForm): MetricFilterWritten {
  return {
    group: form.group,
    name: form.name.trim(),
    pattern: form.pattern,
    metricNamespace: form.metricNamespace.trim(),
    metricName: form.metricName.trim(),
    metricValue: form.metricValue.trim(),
    defaultValue: form.defaultValue.trim() === "" ? null : Number(form.defaultValue),
    unit: form.unit === "None" ? null : form.unit,
    dimensions: dimensionsOf(form),
  };
}

/** What samples are tried with; null until it has a value. */
export function transformationOf(form: FilterForm): Transformation | null {
  if (form.metricValue.trim() === "") return null;
  const dimensions = dimensionsOf(form);
  return {
    metricValue: form.metricValue.trim(),
    ...(isNumber(form.defaultValue) ? { defaultValue: Number(form.defaultValue) } : {}),
    ...(form.unit === "None" ? {} : { unit: form.unit }),
    ...(Object.keys(dimensions).length === 0 ? {} : { dimensions }),
  };
}

function dimensionsOf(form: FilterForm): Record<string, string> {
  return Object.fromEntries(form.dimensions.filter(({ name, place }) => name.trim() !== "" && place.trim() !== "").map(({ name, place }) => [name.trim(), place.trim()]));
}

/** A message a line, and no more than can be tried. */
export function samplesOf(text: string, most: number): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "").slice(0, most);
}
