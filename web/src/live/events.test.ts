import { expect, it } from "vitest";
import { EventReader } from "./events";

it("reads events however the bytes are cut", () => {
  const text = ': hello\n\nevent: kpi\nid: a-1\ndata: {"a":1}\n\nevent: feed\r\ndata: x\r\ndata: y\r\n\r\ndata:z\n\n';
  const expected = [
    { event: "kpi", data: '{"a":1}', id: "a-1" },
    { event: "feed", data: "x\ny", id: null },
    { event: "message", data: "z", id: null },
  ];
  // A cut between \r\n and \r\n is no block's end on its own.
  for (const size of [1, 2, 3, 7, 1_000]) {
    const reader = new EventReader();
    const events = [];
    for (let at = 0; at < text.length; at += size) events.push(...reader.read(text.slice(at, at + size)));
    expect(events).toEqual(expected);
  }
});
