import { Converter, ReflectionKind } from "typedoc";

/** A TypeDoc plugin: a parameter that is taken apart where it is declared is called what it is, `options`. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
      if (parameter.name === "__namedParameters") parameter.name = "options";
  });
}
