import parseExpression from "spdx-expression-parse";

/** Licences under which a dependency may come, each with what lets it stand beside Apache-2.0. */
const allowed = new Map([
  ["0BSD", "permissive"],
  ["Apache-2.0", "permissive"],
  ["BlueOak-1.0.0", "permissive"],
  ["BSD-2-Clause", "permissive"],
  ["BSD-3-Clause", "permissive"],
  ["CC0-1.0", "public domain"],
  ["CC-BY-3.0", "of data: a list of licence names, with attribution"],
  ["ISC", "permissive"],
  ["MIT", "permissive"],
  ["MPL-2.0", "per file; none of its files is changed or bundled"],
  ["PSF-2.0", "permissive"],
  ["Python-2.0", "permissive"],
  ["Unlicense", "public domain"],
]);

/** What single packages may come under beside that. */
const exceptions = [
  // libvips in shared libraries, loaded at run time; who installs them can exchange them, as the LGPL asks.
  { packages: /^@img\/sharp-/, licence: "LGPL-3.0-or-later" },
  // Its package.json says "SEE LICENSE IN LICENSE", which is the MIT licence. Development only.
  { packages: /^spawndamnit$/, licence: "Unknown" },
  // Data on browsers that webpack comes with, under attribution. Development only.
  { packages: /^caniuse-lite$/, licence: "CC-BY-4.0" },
  // "Do what you want": no condition at all. Development only.
  { packages: /^truncate-utf8-bytes$/, licence: "WTFPL" },
];

/**
 * @param {string} name Of the package.
 * @param {string} licence As its package.json names it: an SPDX expression.
 * @returns {boolean} Whether it may be depended upon.
 */
export function isAllowed(name, licence) {
  const excepted = exceptions
    .filter(({ packages }) => packages.test(name))
    .map((exception) => exception.licence);
  if (excepted.includes(licence)) return true;
  try {
    return satisfies(parseExpression(licence), excepted);
  } catch {
    return false; // no SPDX expression: nobody can say what it allows
  }
}

/**
 * @param {import("spdx-expression-parse").Info} expression
 * @param {readonly string[]} excepted
 * @returns {boolean}
 */
function satisfies(expression, excepted) {
  if ("license" in expression) {
    const licence = `${expression.license}${expression.plus ? "+" : ""}`;
    return allowed.has(licence) || excepted.includes(licence);
  }
  const [left, right] = [satisfies(expression.left, excepted), satisfies(expression.right, excepted)];
  return expression.conjunction === "and" ? left && right : left || right;
}
