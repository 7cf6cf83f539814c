// What is in a stream of server-sent events? https://html.spec.whatwg.org/multipage/server-sent-events.html

export interface ServerEvent {
  event: string;
  data: string;
  id: string | null;
}

/** Cuts text into events; what is not complete waits for the next piece. */
export class EventReader {
  private rest = "";

  read(piece: string): ServerEvent[] {
    this.rest += piece;
    const blocks = this.rest.split(/\r?\n\r?\n/);
    this.rest = blocks.pop() ?? "";
    return blocks.map(readBlock).filter((event) => event !== null);
  }
}

function readBlock(block: string): ServerEvent | null {
  let event = "message";
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
    else if (name === "id") id = value;
  }
  return data.length === 0 ? null : { event, data: data.join("\n"), id };
}
