/**
 * The uplink of one collector: a TCP forwarder on this machine that can be cut and mended.
 * Rule: cutting is real; the port refuses connections and those that are open break.
 */
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

export type Forwarder = {
  /** Where the collector finds central; the same port after each cut. */
  port: number;
  cut: () => Promise<void>;
  mend: () => Promise<void>;
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("The forwarder has no port."));
      else resolve(address.port);
    });
  });

/** Opens a forwarder to `target` on a free port of this machine. */
export const openForwarder = async (target: { host: string; port: number }): Promise<Forwarder> => {
  const sockets = new Set<Socket>();
  const join = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.pipe(to);
    // A broken end breaks the other, as a line does; the error itself is what cutting means.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target);
    join(client, upstream);
    join(upstream, client);
  });
  const port = await listen(server, 0);
  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const mend = async () => {
    if (!server.listening) await listen(server, port);
  };
  return { port, cut, mend };
};
