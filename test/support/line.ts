import { connect, createServer, type Server, type Socket } from "node:net";
import { portOf } from "../../core/base/network.ts";

/** A line to a database that can be cut: whoever is on it is thrown off, and nobody gets through until it is restored. */
export type Line = {
  readonly address: { readonly host: string; readonly port: number };
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
};

export async function throughLine({ host, port }: { readonly host: string; readonly port: number }): Promise<Line> {
  const sockets = new Set<Socket>();
  const through = (): Server =>
    createServer((from) => {
      // A folder: PostgreSQL listens on a socket in it.
      const to = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        sockets.add(one);
        one.on("error", () => other.destroy()).on("close", () => other.destroy());
        one.pipe(other);
      }
    });
  const listening = (server: Server, at: number): Promise<void> =>
    new Promise((resolve) => server.listen(at, "127.0.0.1", resolve));
  let server = through();
  await listening(server, 0);
  const address = { host: "127.0.0.1", port: portOf(server) };
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  };
  return {
    address,
    cut,
    restore: async () => {
      server = through();
      await listening(server, address.port);
    },
    close: async () => {
      if (server.listening) await cut();
    },
  };
}
