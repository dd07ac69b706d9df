import { editDistance } from "./edit-distance.ts";

/** A name further away than this share of its length is another name, not a slip of the keyboard. */
const LARGEST_SHARE_WRONG = 0.5;

/** The candidate that `name` was most likely meant to be, or none where nothing is close. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let shortest = Infinity;
  // Longer than any candidate by its own length, so never near: no distance of a hostile megabyte is computed.
  for (const candidate of candidates.filter(({ length }) => name.length <= 2 * length)) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < shortest && distance <= LARGEST_SHARE_WRONG * candidate.length) {
      nearest = candidate;
      shortest = distance;
    }
  }
  return nearest;
}
