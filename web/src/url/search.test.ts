import { describe, expect, it } from "vitest";
import {
  apiParameters,
  frozen,
  ignoredIn,
  admits,
  instants,
  RANGES,
  readSearch,
  shifted,
  toggled,
  unfiltered,
  valuesOf,
  without,
  zoomedOut,
} from "./search";

const NOW = Date.parse("2026-11-22T12:00:00Z");

describe("the address", () => {
  it("keeps what is known and leaves defaults out", () => {
    const raw = { from: "now-3h", to: "now", wallet: "ApplePay", nonsense: "1", tz: "mars", cmp: "prev" };
    expect(readSearch(raw)).toEqual({ wallet: "ApplePay", cmp: "prev" });
    expect(ignoredIn(raw)).toEqual(["nonsense", "tz"]);
    expect(ignoredIn({ from: "soon", outcome: "GOOD", order: "slowest" })).toEqual(["from", "outcome"]);
    expect(readSearch({ outcome: "FAILED,!ABANDONED" })).toEqual({ outcome: "FAILED,!ABANDONED" });
    expect(apiParameters({ wallet: "ApplePay" }).toString()).toBe("from=now-3h&to=now&wallet=ApplePay");
  });

  it("adds, refuses and takes back values, whatever is in them", () => {
    for (const text of ["Bank, One", "!Bank", "a\\b", "Bank"]) {
      const once = toggled({}, "issuer", text);
      expect(valuesOf(once, "issuer")).toEqual([{ text, refused: false }]);
      expect(toggled(once, "issuer", text)).toEqual({});
      const refused = toggled(once, "issuer", text, true);
      expect(valuesOf(refused, "issuer")).toEqual([{ text, refused: true }]);
      const both = toggled(refused, "issuer", "Other");
      expect(valuesOf(both, "issuer")).toEqual([
        { text, refused: true },
        { text: "Other", refused: false },
      ]);
      expect(without(both, "issuer", text)).toEqual({ issuer: "Other" });
    }
    for (const [outcome, passes] of [["", true], ["FAILED", true], ["!FAILED", false], ["SUCCESS", false], ["SUCCESS,FAILED", true], ["!SUCCESS", true]] as const) {
      expect(admits({ outcome }, "outcome", "FAILED")).toBe(passes);
    }
    expect(unfiltered({ issuer: "A", from: "now-1h" })).toEqual({ from: "now-1h" });
  });

  it("shifts, zooms out and freezes", () => {
    expect(instants({}, NOW)).toEqual({ from: NOW - 10_800_000, to: NOW });
    const back = shifted({}, -1, NOW);
    expect(back).toEqual({ from: "2026-11-22T07:30:00.000Z", to: "2026-11-22T10:30:00.000Z" });
    expect(shifted(back, 1, NOW)).toEqual({});
    expect(zoomedOut({ from: "now-1h" }, NOW)).toEqual({ from: "now-2h" });
    for (const { from } of RANGES) {
      const wider = instants(zoomedOut({ from }, NOW), NOW);
      const range = instants({ from }, NOW);
      expect((wider?.to ?? 0) - (wider?.from ?? 0)).toBe(2 * ((range?.to ?? 0) - (range?.from ?? 0)));
      expect(shifted(shifted({ from }, -1, NOW), 1, NOW)).toEqual(readSearch({ from }));
    }
    expect(frozen({ from: "now-1h" }, NOW)).toEqual({ from: "2026-11-22T11:00:00.000Z", to: "2026-11-22T12:00:00.000Z" });
    expect(instants({ from: "soon" }, NOW)).toBeNull();
    expect(instants({ from: "now", to: "now-1h" }, NOW)).toBeNull();
  });
});
