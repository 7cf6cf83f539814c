import { expect, it } from "vitest";
import { kindOf, selector, unitsBefore, valueOf, withCondition, type Value } from "./pattern";

it("tells kinds by the first character", () => {
  const kinds = { "": "everything", '""': "everything", " ": "everything", "{ $.a = 1 }": "json", "[a, b]": "fields", "%a+%": "expression", "ERROR -x": "terms" };
  for (const [pattern, kind] of Object.entries(kinds)) expect(kindOf(pattern)).toBe(kind);
});

it("writes names as selectors", () => {
  const names = { event: "$.event", "user.id": "$.user.id", "a b.c": "$['a b'].c", "items[0].id": "$.items[0].id", "x-y_z": "$.x-y_z" };
  for (const [name, written] of Object.entries(names)) expect(selector(name)).toBe(written);
});

it("adds a condition to whatever pattern there is", () => {
  const number = (text: string): Value => ({ number: text });
  const cases: [string, string, Value, boolean, string, boolean?][] = [
    ["", "event", "A", false, '{ $.event = "A" }'],
    ["", "event", 'a"b\\c', true, '{ $.event != "a\\"b\\\\c" }'],
    ["", "tries", number("2.50"), false, "{ $.tries = 2.50 }"],
    ["", "ok", true, false, "{ $.ok IS TRUE }"],
    ["", "ok", true, true, "{ $.ok IS FALSE }"],
    ["", "par", null, false, "{ $.par IS NULL }"],
    ["{}", "a", number("1"), false, "{ $.a = 1 }"],
    ['{ $.a = 1 }', "b", "x", false, '{ $.a = 1 && $.b = "x" }'],
    ['{ $.a = 1 && $.b = "x" }', "b", "x", false, '{ $.a = 1 && $.b = "x" }'],
    ["{ $.a = 1 || $.a = 2 }", "b", "x", true, '{ ($.a = 1 || $.a = 2) && $.b != "x" }'],
    ['{ $.a = "x || y" }', "b", number("3"), false, '{ $.a = "x || y" && $.b = 3 }'],
    ["ERROR", "reason", "ISSUER_TIMEOUT", false, "ERROR ISSUER_TIMEOUT"],
    ["ERROR", "issuer", "DEMO Bank", true, 'ERROR -"DEMO Bank"'],
    ["?ERROR ?WARN", "issuer", "DEMO_Bank", false, '{ $.issuer = "DEMO_Bank" }', true],
    ["ERROR", "code", number("4"), false, "{ $.code = 4 }", true],
    ["%a+%", "code", "x", false, '{ $.code = "x" }', true],
    ["[level, ...]", "event", "A", false, '[level, ..., event = "A"]'],
    ["[level, event]", "event", "A", false, '[level, event = "A"]'],
    ["[a = \"x, y\" , event=*A*]", "event", "B", true, '[a = "x, y", event=*A* && event != "B"]'],
    ["[a = 1 || a = 2]", "a", number("3"), false, "{ $.a = 3 }", true],
    ["[a]", "user.id", number("3"), false, "{ $.user.id = 3 }", true],
  ];
  for (const [pattern, name, value, isRefused, expected, isReplaced = false] of cases) {
    expect(withCondition(pattern, name, value, isRefused), pattern).toEqual({ pattern: expected, isReplaced });
  }
});

it("reads values by the type of their field", () => {
  const cases = [["404", "text", "404"], ["404", "number", { number: "404" }], ["1.5e3", "mixed", { number: "1.5e3" }], ["n/a", "mixed", "n/a"], ["true", "flag", true], ["false", "mixed", false], ["true", "text", "true"]] as const;
  for (const [text, type, expected] of cases) expect(valueOf(text, type)).toEqual(expected);
});

it("counts characters, not units", () => {
  expect(unitsBefore("a😀b", 2)).toBe(3);
  expect(unitsBefore("ab", 9)).toBe(2);
});
