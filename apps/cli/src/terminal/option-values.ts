import { InvalidArgumentError } from "commander";
import type { LoraChoice } from "@measure-plantain/flux-runtime";
import { findFlipsProblem, type Flips } from "@measure-plantain/report";
import { parseShard, type Shard } from "@measure-plantain/probe";

/** The one noise level where none is given: pure noise. */
export const PURE_NOISE: readonly number[] = [1];

/** Reads a whole number from `least` on. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} on.`);
    }
    return value;
  };
}

/** Collects whole numbers of an option that takes several. */
export function integers(least: number): (text: string, before?: readonly number[]) => number[] {
  return (text, before = []) => [...before, integer(least)(text)];
}

/** Reads layers, as in `9,18,27`. */
export function layers(text: string): number[] {
  return text.split(",").map(integer(1));
}

/** Reads a finite number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** Collects finite numbers of an option that takes several. */
export function numbers(text: string, before: readonly number[] = []): number[] {
  return [...before, number(text)];
}

/** Reads a number between 0 and 1. */
export function probability(text: string): number {
  const value = number(text);
  if (value <= 0 || value >= 1) throw new InvalidArgumentError("Expected a number above 0 and below 1.");
  return value;
}

/** Reads how many sign flips, or `exact` for all. */
export function flips(text: string): Flips {
  if (text === "exact") return text;
  const count = integer(1)(text);
  const problem = findFlipsProblem(count);
  if (problem !== null) throw new InvalidArgumentError(problem);
  return count;
}

/** Reads how many passes at once, or `auto`. */
export function batch(text: string): number | "auto" {
  return text === "auto" ? text : integer(1)(text);
}

/** Collects noise levels; the first that is given replaces the default. */
export function noiseLevel(text: string, before: readonly number[]): readonly number[] {
  const value = number(text);
  if (value <= 0 || value > 1) throw new InvalidArgumentError("Expected numbers above 0 and up to 1.");
  if (before === PURE_NOISE) return [value];
  if (before.includes(value)) throw new InvalidArgumentError("It is given twice.");
  return [...before, value];
}

/** Collects adapters, as in `style.safetensors:0.8`. */
export function lora(text: string, before: readonly LoraChoice[] = []): LoraChoice[] {
  const [, file = text, scale = "1"] = /^(.+):([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.exec(text) ?? [];
  return [...before, { file, scale: number(scale) }];
}

/** Reads `K/N`. */
export function shard(text: string): Shard {
  const value = parseShard(text);
  if (value === null) throw new InvalidArgumentError("Expected K/N with K from 1 to N, as in 2/3.");
  return value;
}
