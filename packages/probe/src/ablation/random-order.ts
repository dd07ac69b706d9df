import { createTorchGenerator } from "@measure-plantain/flux-runtime";
import { namedSeed } from "../settings/named-seed.ts";
import { valueAt } from "../reading.ts";

/** Draws orders of the indices from 0 to count − 1, each as likely as any other, one after the other for one purpose. */
export function createOrders(purpose: string, seed: number): (count: number) => number[] {
  const generator = createTorchGenerator(namedSeed(purpose, seed));
  return (count) => {
    const keys = generator.randn([count]).data;
    return Array.from({ length: count }, (_, index) => index).sort(
      (one, other) => valueAt(keys, one) - valueAt(keys, other),
    );
  };
}
