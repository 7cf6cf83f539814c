import { expect, it } from "vitest";
import { kindOf, selector, unitsBefore, withCondition } from "./pattern";

it("tells kinds by the first character", () => {
  const kinds = { "": "everything", '""': "everything", " ": "everything", "{ $.a = 1 }": "json", "[a, b]": "fields", "%a+%": "expression", "ERROR -x": "terms" };
  for (const [pattern, kind] of Object.entries(kinds)) expect(kindOf(pattern)).toBe(kind);
});

it("writes names as selectors", () => {
  const names = { event: "$.event", "user.id": "$.user.id", "a b.c": "$['a b'].c", "items[0].id": "$.items[0].id", "x-y_z": "$.x-y_z" };
  for (const [name, written] of Object.entries(names)) expect(selector(name)).toBe(written);
});

it("adds a condition to whatever pattern there is", () => {
  const cases: [string, string, string | number | boolean | null, boolean, string, boolean?][] = [
    ["", "event", "A", false, '{ $.event = "A" }'],
    ["", "event", 'a"b\\c', true, '{ $.event != "a\\"b\\\\c" }'],
    ["", "tries", 2, false, "{ $.tries = 2 }"],
    ["", "ok", true, false, "{ $.ok IS TRUE }"],
    ["", "ok", true, true, "{ $.ok IS FALSE }"],
    ["", "par", null, false, "{ $.par IS NULL }"],
    ["{}", "a", 1, false, "{ $.a = 1 }"],
    ['{ $.a = 1 }', "b", "x", false, '{ $.a = 1 && $.b = "x" }'],
    ['{ $.a = 1 && $.b = "x" }', "b", "x", false, '{ $.a = 1 && $.b = "x" }'],
    ["{ $.a = 1 || $.a = 2 }", "b", "x", true, '{ ($.a = 1 || $.a = 2) && $.b != "x" }'],
    ['{ $.a = "x || y" }', "b", 3, false, '{ $.a = "x || y" && $.b = 3 }'],
    ["ERROR", "reason", "ISSUER_TIMEOUT", false, "ERROR ISSUER_TIMEOUT"],
    ["ERROR", "issuer", "DEMO Bank", true, 'ERROR -"DEMO Bank"'],
    ["?ERROR ?WARN", "issuer", "DEMO_Bank", false, '{ $.issuer = "DEMO_Bank" }', true],
    ["ERROR", "code", 4, false, "{ $.code = 4 }", true],
    ["%a+%", "code", "x", false, '{ $.code = "x" }', true],
    ["[level, ...]", "event", "A", false, '[level, ..., event = "A"]'],
    ["[level, event]", "event", "A", false, '[level, event = "A"]'],
    ["[a = \"x, y\" , event=*A*]", "event", "B", true, '[a = "x, y", event=*A* && event != "B"]'],
    ["[a = 1 || a = 2]", "a", 3, false, "{ $.a = 3 }", true],
    ["[a]", "user.id", 3, false, "{ $.user.id = 3 }", true],
  ];
  for (const [pattern, name, value, isRefused, expected, isReplaced = false] of cases) {
    expect(withCondition(pattern, name, value, isRefused), pattern).toEqual({ pattern: expected, isReplaced });
  }
});

it("counts characters, not units", () => {
  expect(unitsBefore("a😀b", 2)).toBe(3);
  expect(unitsBefore("ab", 9)).toBe(2);
});
