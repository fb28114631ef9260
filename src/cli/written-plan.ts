import { Document, isMap, isSeq } from 'yaml';
import type { WrittenOut } from '../config/expand-plan.ts';

/** `stages` and `guards` of a rollout in the place of its `plan`, one a line, indented as below `rollouts:`. */
export function writtenOut(rollout: string, plans: readonly WrittenOut[]): string {
  const plan = plans.find((candidate) => candidate.rollout === rollout);
  if (plan === undefined) return `# ${rollout} has no plan: its stages and guards are its own\n`;
  const { preset, stages, guards } = plan;
  const document = new Document({ stages, guards }, { aliasDuplicateObjects: false });
  for (const list of ['stages', 'guards']) {
    const items = document.get(list);
    if (isSeq(items)) for (const item of items.items) if (isMap(item)) item.flow = true;
  }
  const text = document.toString({ lineWidth: 0 }).trimEnd();
  return `    # ${rollout}: ${preset}\n${text.replaceAll(/^/gm, '    ')}\n`;
}
