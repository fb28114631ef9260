/** The audit log as the demo tells it: what happened, why, and what each guard said then. */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../rig/until.ts';
import { ask } from '../src/cli/client.ts';
import { printable } from '../src/cli/printable.ts';
import { paint } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { Event } from '../src/gen/understudy/admin/v1/admin.ts';
import type { GuardRow } from '../src/rollout/guard-table.ts';
import type { Circle } from './circle.ts';
import { rolloutName } from './rollout.ts';

const everyMs = 200;
const listed = 1_000;

/** Oldest first, of the present release. */
export async function eventsOf({ sidecar: { admin } }: Pick<Circle, 'sidecar'>): Promise<Event[]> {
  const { events } = await ask(admin, admin.listEvents, { rollout: rolloutName, limit: listed, before: 0 });
  const [newest] = events;
  return events.filter(({ release }) => release === newest?.release).toReversed();
}

/**
 * Calls `onEvent` for each event of the present release, and `between` a few times a second, until `onEvent` says `over`.
 * Resolves with whether it did within `withinMs`; rejects when the terminal's signal aborts.
 */
export async function follow(
  circle: Pick<Circle, 'sidecar'>,
  terminal: Terminal,
  withinMs: number,
  on: {
    readonly event: (event: Event) => Promise<'over' | undefined> | 'over' | undefined;
    readonly between?: () => Promise<void>;
  },
): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  let seen = 0;
  while (performance.now() < endMs) {
    for (const event of await eventsOf(circle)) {
      if (event.number <= seen) continue;
      seen = event.number;
      if ((await on.event(event)) === 'over') return true;
    }
    await on.between?.();
    await delay(everyMs, undefined, { signal: terminal.signal });
  }
  return false;
}

export function tell(terminal: Terminal, { kind, reason }: Event): void {
  const style = kind === 'promoted' ? 'green' : 'yellow';
  terminal.out(`   ${paint(terminal, style, kind)}: ${printable(reason)}\n`);
}

/** What guards said then. Of one on each value of a segment only what fails is told, and how many there are. */
export function tellGuards(terminal: Terminal, { guards }: Event): void {
  const rows = guardRows(guards);
  const width = Math.max(...rows.map(({ guard }) => guard.length));
  const names = new Set(rows.map(({ guard }) => guard));
  for (const name of names) {
    const own = rows.filter(({ guard }) => guard === name);
    const told = own.length === 1 ? own : own.filter(({ status }) => status === 'fail');
    const others = own.length - told.length;
    for (const { status, segment, sentence } of told) {
      const where = segment === '' ? '' : `${segment}: `;
      const mark = status === 'fail' ? paint(terminal, 'yellow', status.padEnd(5)) : status.slice(0, 5).padEnd(5);
      terminal.out(`      ${name.padEnd(width)}  ${mark}  ${printable(where + sentence)}\n`);
    }
    if (others > 0) terminal.out(`      ${name.padEnd(width)}  pass   ${others} values, none of them fails\n`);
  }
}

export function guardRows(guards: string): GuardRow[] {
  return JSON.parse(guards) as GuardRow[];
}

/** Resolves when every decide thread decides by it. */
export async function confirmed({ sidecar }: Pick<Circle, 'sidecar'>, { revision }: Event): Promise<void> {
  const all = async () => {
    const threads = (await sidecar.rollouts()).sidecar?.threads ?? [];
    return threads.filter(({ name }) => name.startsWith('decide')).every((thread) => thread.revision >= revision);
  };
  await until(all, { what: `every decide thread has confirmed revision ${revision}` });
}

/** By this process's clock, ms. */
export function happenedMs({ timeMs }: Event): number {
  return timeMs - (Date.now() - performance.now());
}
