import { expect, it } from "vitest";
import type { MetricFilter } from "../api/logs";
import { formOf, mistakes, newForm, samplesOf, transformationOf, written } from "./filterForm";

const FILTER: MetricFilter = { group: "/g", region: "us-east-1", name: "failures", pattern: "ERROR", metricNamespace: "N", metricName: "Failures", metricValue: "1", defaultValue: 0, unit: null, dimensions: { issuer: "$.issuer" }, createdAt: "2026-11-22T12:00:00Z" };

it("changes nothing of what it does not touch", () => {
  const { createdAt: _, region: __, ...own } = FILTER;
  expect(written(formOf(FILTER))).toEqual(own);
  expect(written({ ...formOf(FILTER), defaultValue: " 1.5 ", unit: "Count", dimensions: [{ name: "", place: "" }] })).toEqual({ ...own, defaultValue: 1.5, unit: "Count", dimensions: {} });
});

it("says what is missing, field by field", () => {
  expect(mistakes(formOf(FILTER))).toEqual({});
  expect(Object.keys(mistakes({ ...newForm({}, ""), metricValue: "" }))).toEqual(["group", "name", "metricNamespace", "metricName", "metricValue"]);
  expect(mistakes({ ...formOf(FILTER), defaultValue: "none" }).defaultValue).toBeDefined();
  expect(mistakes({ ...formOf(FILTER), dimensions: [{ name: "a", place: "" }] }).dimensions).toMatch(/both/);
  expect(mistakes({ ...formOf(FILTER), dimensions: [{ name: "a", place: "$.a" }, { name: "a", place: "$.b" }] }).dimensions).toMatch(/same name/);
});

it("tries what is written so far", () => {
  expect(transformationOf(newForm({}, "/g"))).toEqual({ metricValue: "1" });
  expect(transformationOf({ ...newForm({}, "/g"), metricValue: " " })).toBeNull();
  expect(transformationOf({ ...formOf(FILTER), unit: "Seconds" })).toEqual({ metricValue: "1", defaultValue: 0, unit: "Seconds", dimensions: { issuer: "$.issuer" } });
  expect(samplesOf("a\r\n\n b\nc", 2)).toEqual(["a", " b"]);
});
