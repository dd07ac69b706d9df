// How a changeset becomes an entry of a changelog: its text alone. Commits and pull requests are in the history.

/** @typedef {{ name: string, newVersion: string }} Dependency */

/**
 * @param {{ summary: string }} changeset
 * @returns {Promise<string>}
 */
async function getReleaseLine({ summary }) {
  return `- ${summary.trim().replaceAll("\n", "\n  ")}`;
}

/**
 * @param {unknown} _changesets
 * @param {readonly Dependency[]} dependencies
 * @returns {Promise<string>}
 */
async function getDependencyReleaseLine(_changesets, dependencies) {
  if (dependencies.length === 0) return "";
  return `- Takes ${dependencies.map(({ name, newVersion }) => `${name} ${newVersion}`).join(", ")}.`;
}

export default { getReleaseLine, getDependencyReleaseLine };
