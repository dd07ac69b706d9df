/** A tensor on its way to or from a session; `type` is ONNX Runtime's name of the element type. */
export type SessionTensor =
  | { readonly type: "float32"; readonly data: Float32Array; readonly shape: readonly number[] }
  | { readonly type: "int64"; readonly data: BigInt64Array; readonly shape: readonly number[] }
  | { readonly type: "bool"; readonly data: Uint8Array; readonly shape: readonly number[] };

export type SessionTensors = Readonly<Record<string, SessionTensor>>;

/** What the session process is told. */
export type SessionRequest =
  | {
      readonly kind: "open";
      readonly model: Uint8Array;
      /** Where the external data of the model's initializers lies. */
      readonly externalDataFolder: string;
      readonly provider: "cpu" | "cuda";
      readonly weights: "mapped" | "resident";
      readonly threads: number | undefined;
      readonly allowCpuNodes: boolean;
    }
  | { readonly kind: "run"; readonly feeds: SessionTensors };

/** What it answers: one answer a request, in order. */
export type SessionReply =
  | { readonly kind: "opened" }
  | { readonly kind: "result"; readonly outputs: SessionTensors }
  | { readonly kind: "failure"; readonly message: string };
