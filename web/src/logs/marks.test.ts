import { expect, it } from "vitest";
import { marksOf, pieces } from "./marks";

const shown = (pattern: string, line: string, more = ""): string => pieces(line, marksOf(pattern, more)).map(({ text, isMarked }) => (isMarked ? `«${text}»` : text)).join("");

it("marks what a pattern names", () => {
  const cases: [string, string, string][] = [
    ["", "ERROR", "ERROR"],
    ["ERROR -TIMEOUT", "an ERROR, no TIMEOUT", "an «ERROR», no TIMEOUT"],
    ['?"a \\"b" ?c', 'a "b c', '«a "b» «c»'],
    ['{ $.event = "A*Z" && $.b != "x" }', '{"event":"AmZ","b":"x"}', '{"event":"«A»m«Z»","b":"x"}'],
    ["{ $.code = 404 && $.n >= 3 }", '{"code":404,"n":3}', '{"code":«404»,"n":3}'],
    ["{ $.ip = %1\\.\\d+% }", '{"ip":"1.23"}', '{"ip":"«1.23»"}'],
    ['[level = ERROR, ..., text = "no such"]', "ERROR 5 no such", "«ERROR» 5 «no such»"],
    ["%corr_[0-9a-f]+%", "for corr_1f", "for «corr_1f»"],
    ["%[%", "[", "["],
    ["ab bc", "abc", "«ab»«c»"],
  ];
  for (const [pattern, line, expected] of cases) expect(shown(pattern, line), pattern).toBe(expected);
  expect(shown("ERROR", "ERROR 500", "500")).toBe("«ERROR» «500»");
  expect(pieces("", ["x"])).toEqual([{ text: "", isMarked: false }]);
});
