/**
 * The program of the thread that ends a session's process when its parent is gone, however the parent ended and whatever the
 * session's own thread is doing. The parent holds the other end of standard input and never writes to it: the system closes it
 * with the parent.
 *
 * It is a text, and not a file next to this one, so that the host is one file wherever it is bundled. It runs as a script and as
 * a module alike.
 */
export const END_WITH_PARENT: string = `
const { Socket } = process.getBuiltinModule("node:net");
const STANDARD_INPUT = 0;
const lifeline = new Socket({ fd: STANDARD_INPUT, readable: true, writable: false });
const end = () => process.kill(process.pid, "SIGKILL");
lifeline.on("end", end).on("error", end).resume();
`;
