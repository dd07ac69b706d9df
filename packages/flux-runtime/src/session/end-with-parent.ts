// The thread that ends a session's process when its parent is gone, however the parent ended and whatever the session's own
// thread is doing. The parent holds the other end of standard input and never writes to it: the system closes it with the
// parent.
import { Socket } from "node:net";

const STANDARD_INPUT = 0;

const lifeline = new Socket({ fd: STANDARD_INPUT, readable: true, writable: false });
const end = (): void => {
  process.kill(process.pid, "SIGKILL");
};
lifeline.on("end", end).on("error", end).resume();
