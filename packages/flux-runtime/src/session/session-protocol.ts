import type { NodePlacement } from "./node-placement.ts";

/** A tensor on its way to or from a session; `type` is ONNX Runtime's name of the element type. */
export type SessionTensor =
  | { readonly type: "float32"; readonly data: Float32Array; readonly shape: readonly number[] }
  | { readonly type: "int64"; readonly data: BigInt64Array; readonly shape: readonly number[] }
  | { readonly type: "bool"; readonly data: Uint8Array; readonly shape: readonly number[] };

/** Tensors by the name of the input or output that they belong to. */
export type SessionTensors = Readonly<Record<string, SessionTensor>>;

/** What the session process is told. */
export type SessionRequest =
  | {
      readonly kind: "open";
      readonly model: Uint8Array;
      /** Where the external data of the model's initializers lies. */
      readonly externalDataFolder: string;
      readonly provider: "cpu" | "cuda" | "webgpu";
      readonly weights: "mapped" | "resident";
      readonly threads: number | undefined;
      readonly allowCpuNodes: boolean;
      /** An empty folder, where the first run is to tell on which provider each node ran. */
      readonly profileFolder: string | undefined;
    }
  | { readonly kind: "run"; readonly feeds: SessionTensors };

/** What it answers: one reply to each request, in order. */
export type SessionReply =
  | { readonly kind: "opened" }
  | {
      readonly kind: "result";
      readonly outputs: SessionTensors;
      /** After the first run of a traced session. */
      readonly placement?: readonly NodePlacement[];
    }
  | { readonly kind: "failure"; readonly message: string };

/** A request on its way: requests can overlap, and the number says which of them a reply belongs to. */
export interface NumberedRequest {
  readonly id: number;
  readonly request: SessionRequest;
}

/** A reply on its way, with the number of its request. */
export interface NumberedReply {
  readonly id: number;
  readonly reply: SessionReply;
}
