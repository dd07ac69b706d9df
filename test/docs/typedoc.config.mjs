/** The API reference of the four packages: HTML in docs/api, which is not kept in the repository. */
export default {
  name: "measure-plantain",
  plugin: ["./typedoc-options-name.mjs"],
  entryPointStrategy: "packages",
  entryPoints: ["../../packages/*"],
  packageOptions: {
    entryPoints: ["src/index.ts"],
    readme: "README.md",
    requiredToBeDocumented: ["Class", "Enum", "Function", "Interface", "Method", "TypeAlias", "Variable"],
    validation: { invalidLink: true, invalidPath: true, notDocumented: true, notExported: true },
    skipErrorChecking: true, // the packages' own type check does that
  },
  out: "../../docs/api",
  readme: "../../README.md",
  disableGit: true,
  sourceLinkTemplate: "https://github.com/measure-plantain/measure-plantain/blob/main/{path}#L{line}",
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
