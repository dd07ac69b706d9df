/** A path into a JSON document as people write it: `pairs[3].a.prompt`; empty for the root. */
export function formatJsonPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w$]+$/.test(name)) return `${text}[${shorten(JSON.stringify(name))}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

/** A value of a JSON document in a few words, for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string")
    return value === "" ? 'an empty string ("")' : shorten(JSON.stringify(value));
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? "an empty object" : `an object { ${shorten(keys.join(", "))} }`;
}

/** At most 60 characters, with an ellipsis where the rest was. */
export function shorten(text: string): string {
  if (text.length <= 60) return text;
  // Cut between code points: a character outside the basic plane takes two of `length`.
  return `${Array.from(text.slice(0, 120)).slice(0, 59).join("")}…`;
}
