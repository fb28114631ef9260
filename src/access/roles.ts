/** Who may do what. Pure. */

/** From the least to the most: each may all that those before it may. */
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** Whether `role` may what takes `needed`. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Undefined when there is none of this name. */
export function roleOf(text: string): Role | undefined {
  return ROLES.find((role) => role === text);
}
