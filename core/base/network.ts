import type { AddressInfo, Server } from "node:net";

/** A stream without an encoding gives bytes, which its type does not say. */
export async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield chunk as Buffer;
}

/** The port of a server that listens on an IP address. */
export function portOf(server: Server): number {
  // Null before it listens, and a path for a socket of another kind.
  return (server.address() as AddressInfo).port;
}
