// For `node --import`: ends the process right before it changes the file system for the CHANGE-th time, amid it if that is a
// write. All writes into one open file count as one. Without CHANGE it only counts; the number goes to the file CHANGES, if
// one is named.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { CHANGE, CHANGES, END_WITH = "SIGKILL" } = process.env;
let changes = 0;
const written = new WeakSet();

/** Wraps some functions of `holder` that change the file system. */
function watch(holder, names, writeHalf) {
  for (const name of names) {
    const original = holder[name];
    holder[name] = function (...args) {
      if (written.has(this)) return original.apply(this, args);
      if (writeHalf !== undefined) written.add(this);
      changes += 1;
      if (changes !== Number(CHANGE)) return original.apply(this, args);
      const end = () => process.kill(process.pid, END_WITH);
      if (END_WITH !== "SIGKILL") {
        end();
        return original.apply(this, args);
      }
      return Promise.resolve(writeHalf?.(this, original, args)).then(end);
    };
  }
}

const isWriting = (flags) => typeof flags === "string" && /[wa+]/.test(flags);
const moves = ["rename", "mkdir", "mkdtemp", "rm", "rmdir", "unlink", "link", "symlink", "copyFile"];
const { open } = fs.promises;
const file = await open(process.execPath);
watch(
  Object.getPrototypeOf(file),
  ["write", "writeFile", "appendFile", "truncate"],
  (target, write, [bytes]) => write.call(target, bytes.slice(0, bytes.length / 2)),
);
await file.close();
watch(fs.promises, [...moves, "writeFile", "appendFile", "truncate", "utimes"]);
const opening = { open };
watch(opening, ["open"]);
fs.promises.open = (path, flags, mode) => (isWriting(flags) ? opening.open : open)(path, flags, mode);
syncBuiltinESMExports();

if (CHANGES !== undefined) {
  process.on("exit", () => {
    fs.writeFileSync(CHANGES, String(changes));
  });
}
