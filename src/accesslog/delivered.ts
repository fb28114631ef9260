/** When each cluster was last seen to deliver, as production or shadow. Bounded. */

/** More clusters than rollouts name are not told apart from those that were never seen. */
export const MAX_DELIVERED = 64;

/** `name` was seen at `wallMs`; when there are too many, the one that was seen longest ago is forgotten. */
export function noteDelivered(seen: Map<string, number>, name: string, wallMs: number): void {
  seen.delete(name);
  seen.set(name, wallMs);
  const [oldest] = seen.keys();
  if (seen.size > MAX_DELIVERED && oldest !== undefined) seen.delete(oldest);
}
