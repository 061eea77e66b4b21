import { type Courier, type CourierDeps, createCourier } from "../core/outbox/courier.ts";
import { createListener } from "../core/store/listener.ts";

/** Starts a courier that is told of events as they are written. A word that got lost is made up for: it looks by itself each second, for retries. */
export async function startCourier(deps: CourierDeps): Promise<Pick<Courier, "drain">> {
  const courier = createCourier(deps);
  const listener = createListener(deps.store, ["outbox"], deps.log);
  listener.subscribe(() => courier.wake());
  await listener.start();
  courier.start();
  return {
    async drain(graceMs) {
      await listener.stop();
      await courier.drain(graceMs);
    },
  };
}
