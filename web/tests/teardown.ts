// After all tests: every process that the set-up started ends, and its folder goes.
import { stop } from "./servers";
import { readWorlds } from "./worlds";

export default async function teardown(): Promise<void> {
  for (const world of Object.values(readWorlds())) {
    for (const player of world.players) {
      try {
        process.kill(player, "SIGTERM");
      } catch {
        // It has ended already.
      }
    }
    await stop(world);
  }
}
