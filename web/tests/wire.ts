// A wire between browser and server that can be cut: the browser speaks to the wire's port.
import { connect, createServer, type Server as Listener, type Socket } from "node:net";

export class Wire {
  private sockets = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly listener: Listener,
    readonly url: string,
  ) {}

  static open(serverUrl: string): Promise<Wire> {
    const target = new URL(serverUrl);
    return new Promise((done) => {
      const listener = createServer((browser) => {
        if (wire.isCut) return void browser.destroy();
        const server = connect(Number(target.port), target.hostname);
        // The server answers to its own address only, so the browser's requests are given that.
        browser.on("data", (piece: Buffer) => server.write(Buffer.from(piece.toString("latin1").replaceAll(new URL(wire.url).host, target.host), "latin1")));
        server.on("data", (piece: Buffer) => browser.write(piece));
        for (const [one, other] of [[browser, server], [server, browser]] as const) {
          wire.sockets.add(one);
          one.on("error", () => other.destroy());
          one.on("close", () => {
            wire.sockets.delete(one);
            other.destroy();
          });
        }
      });
      let wire: Wire;
      listener.listen(0, "127.0.0.1", () => {
        const address = listener.address();
        wire = new Wire(listener, `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
        done(wire);
      });
    });
  }

  /** Ends every connection and lets none begin. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.listener.close();
  }
}
