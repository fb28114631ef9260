/** A copy of the stable version, promoted by evidence alone: for one or many rollouts at once. */
import { expect } from 'vitest';
import { movedBack } from '../../demo/split.ts';
import { until } from '../../rig/until.ts';
import { startAudience } from './audience.ts';
import { eventsOf, rightAnswer, startMany } from './many-rollouts.ts';
import type { SeenRequest } from './test-model.ts';

const STAGES = ['shadow', 'five', 'quarter', 'most', 'all'] as const;

/** One rollout for each of `seeds`, all in one Envoy; rejects unless all of them are promoted within `withinMs`. */
export async function copiesArePromoted(
  seeds: readonly number[],
  { ratePerSecond, withinMs }: { readonly ratePerSecond: number; readonly withinMs: number },
): Promise<void> {
  const names = seeds.map((seed) => `copy-${seed}`);
  const stage = await startMany(names.map((name) => ({ name, plan: 'fast' })));
  try {
    const alike = { kind: 'by-request', answer: (seen: SeenRequest) => ({ body: rightAnswer(seen) }) } as const;
    stage.models.v1.behaviour = alike;
    stage.models.v2.behaviour = alike;
    const audience = startAudience(
      stage,
      seeds.map((seed) => ({ rollout: `copy-${seed}`, ratePerSecond, seed })),
    );
    const places = async () => (await stage.sidecar.rollouts()).rollouts;
    const isOver = async () => (await places()).every(({ phase }) => phase === 'promoted');
    await until(isOver, { what: 'all are promoted', timeoutMs: withinMs }).catch(async () => {
      // what is in the way, in place of "not in time"
      const found = (await places()).map(({ name, phase, cause, stage: at, waits }) => ({
        name,
        phase,
        cause,
        at,
        waits,
      }));
      expect(found.filter(({ phase }) => phase !== 'promoted')).toEqual([]);
    });
    const newest = performance.now();
    const afterwards = () => names.every((name) => audience.answersOf(name).some(({ sentMs }) => sentMs > newest));
    await until(afterwards, { what: 'everybody asks once more' });
    await audience.stop();

    for (const rollout of await places())
      expect(rollout).toMatchObject({ weightBp: 10_000, cause: 'plan', stage: 'all' });
    for (const name of names) {
      const answers = audience.answersOf(name);
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(movedBack(answers, '2.0.0').requests).toBe(0);
      expect(new Set(answers.filter(({ sentMs }) => sentMs > newest).map(({ version }) => version))).toEqual(
        new Set(['2.0.0']),
      );
      const events = await eventsOf(stage, name);
      const promoted = events.filter(({ kind }) => kind === 'promoted');
      expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'extended')).toEqual([
        'release-started',
        ...promoted.map(({ kind }) => kind),
      ]);
      expect(promoted.map(({ detail }) => JSON.parse(detail).to.stage)).toEqual(STAGES.slice(1));
      for (const { reason, guards, actor } of promoted) {
        expect(actor).toBe('understudy');
        expect(reason).toMatch(
          /^to \w+ \(\d+ %\): \w+ held for .*, \d+ pairs and \d+ answers of canary; every guard lets it pass$/,
        );
        const rows: { guard: string; status: string; sentence: string }[] = JSON.parse(guards);
        expect(rows.map(({ guard }) => guard)).toEqual(expect.arrayContaining(['agreement-late', 'errors', 'p95']));
        expect(rows.filter(({ status }) => status === 'fail' || status === 'no-data')).toEqual([]);
        expect(rows.every(({ sentence }) => sentence !== '')).toBe(true);
      }
    }
  } finally {
    await stage.stop();
  }
}
