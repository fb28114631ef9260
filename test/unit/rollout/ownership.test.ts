/** Who owns what: the file the spec, the store the state (release, weight, revision). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createController } from '../../../src/rollout/controller.ts';
import { RefusedError } from '../../../src/rollout/refused.ts';
import type { RolloutSpec } from '../../../src/rollout/spec.ts';
import type { Change } from '../../../src/rollout/store.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { fakePublisher, specOf } from './fakes.ts';

const names = ['ranker', 'search'] as const;

/** What a file may say of one rollout: which release, something else of the spec, and an initial weight. */
const entry = fc.record({
  version: fc.constantFrom('2.0.0', '2.1.0'),
  route: fc.constantFrom('a', 'b'),
  initialWeightBp: fc.constantFrom(0, 100, 9_000),
});
const file = fc.record(
  { ranker: fc.option(entry, { nil: undefined }), search: fc.option(entry, { nil: undefined }) },
  { noNullPrototype: true },
);
type File = typeof file extends fc.Arbitrary<infer F> ? F : never;

const step = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    rollout: fc.constantFrom(...names),
    weightBp: fc.integer({ min: 0, max: 10_000 }),
    /** How far the caller's revision is behind; undefined = none is expected. */
    behind: fc.constantFrom(undefined, 0, 0, 1, 3),
  }),
  fc.record({ kind: fc.constantFrom('reload' as const, 'restart' as const), file }),
);

function specsOf(from: File): RolloutSpec[] {
  return names.flatMap((name) => {
    const said = from[name];
    if (said === undefined) return [];
    const { version, route, initialWeightBp } = said;
    const canary = { cluster: `${name}-v2`, version };
    return [specOf(name, { canary, salt: `${name}/${version}`, routes: [`${name}-${route}`], initialWeightBp })];
  });
}

/** What is expected of one rollout that was ever seen. */
interface Expected {
  readonly version: string;
  readonly route: string;
  readonly weightBp: number;
  readonly active: boolean;
  readonly revision: number;
}

/** Design: a release keeps its weight; a new one starts at its initial weight; one that is gone is at 0. */
function afterFile(before: ReadonlyMap<string, Expected>, said: File, revision: number): Map<string, Expected> {
  const after = new Map(before);
  for (const name of names) {
    const [old, now] = [before.get(name), said[name]];
    if (now === undefined) {
      if (old?.active) after.set(name, { ...old, weightBp: 0, active: false, revision });
    } else if (old?.version !== now.version) {
      after.set(name, { ...now, weightBp: now.initialWeightBp, active: true, revision });
    } else if (!old.active || old.route !== now.route) {
      after.set(name, { ...old, route: now.route, active: true, revision });
    }
  }
  return after;
}

const same = (a: ReadonlyMap<string, Expected>, b: ReadonlyMap<string, Expected>) =>
  names.every((name) => a.get(name) === b.get(name));

test('over any history of weights, reloads and restarts, file and store own what is theirs', async () => {
  await fc.assert(
    fc.asyncProperty(file, fc.array(step, { maxLength: 15 }), async (firstFile, steps) => {
      const store = openStore(':memory:');
      const start = (specs: readonly RolloutSpec[]) => {
        const publisher = fakePublisher();
        return { publisher, controller: createController({ specs, store, publisher, now: () => 0 }) };
      };
      let current = firstFile;
      let expected = afterFile(new Map(), current, 1);
      let revision = expected.size > 0 ? 1 : 0;
      let { controller, publisher } = start(specsOf(current));

      for (const next of steps) {
        const publishedBefore = publisher.published.length;
        const revisionBefore = revision;
        if (next.kind === 'set') {
          const { rollout, weightBp, behind } = next;
          const own = current[rollout] === undefined ? undefined : expected.get(rollout);
          const expectedRevision = behind === undefined || own === undefined ? undefined : own.revision - behind;
          const request = { rollout, weightBp, reason: 'r', actor: 'a', expectedRevision };
          const refusal: unknown = await controller.setWeight(request).then(
            () => undefined,
            (error: unknown) => error,
          );
          const stale = own !== undefined && (behind ?? 0) > 0;
          if (own === undefined) expect((refusal as RefusedError).code).toBe('not-found');
          else if (stale) expect((refusal as RefusedError).code).toBe('failed-precondition');
          else {
            expect(refusal).toBeUndefined();
            revision += 1;
            expected = new Map([...expected, [rollout, { ...own, weightBp, revision }]]);
          }
          if (refusal !== undefined) expect(refusal).toBeInstanceOf(RefusedError);
        } else {
          current = next.file;
          const after = afterFile(expected, current, revision + 1);
          const changes = !same(expected, after);
          if (changes) revision += 1;
          expected = after;
          if (next.kind === 'restart') ({ controller, publisher } = start(specsOf(current)));
          else
            expect(await controller.apply(specsOf(current))).toEqual({ changed: changes, revision, unconfirmed: [] });
        }

        const inFile = names.filter((name) => current[name] !== undefined);
        const active = inFile.map((name) => [name, expected.get(name)?.weightBp, expected.get(name)?.revision]);
        expect(controller.views().map((view) => [view.name, view.weightBp, view.revision])).toEqual(active);
        expect(controller.snapshot().rollouts.map((one) => [one.name, one.weightBp, one.revision])).toEqual(active);
        expect(controller.snapshot().rollouts.map(({ routes }) => routes)).toEqual(
          inFile.map((name) => [`${name}-${current[name]?.route}`]),
        );
        const stored = store.states().map((state) => [state.rollout, state.weightBp, state.revision, state.active]);
        expect(stored).toEqual(
          names.flatMap((name) => {
            const own = expected.get(name);
            return own === undefined ? [] : [[name, own.weightBp, own.revision, own.active]];
          }),
        );
        expect([store.revision(), controller.snapshot().revision]).toEqual([revision, revision]);
        const published = next.kind === 'restart' ? 0 : publishedBefore + (revision > revisionBefore ? 1 : 0);
        expect(publisher.published).toHaveLength(published);
        if (published > publishedBefore) expect(publisher.published.at(-1)).toBe(controller.snapshot());
      }
    }),
    { numRuns: 200 },
  );
});

test('a reload that cannot be stored changes neither specs nor states, and the next change knows nothing of it', async () => {
  const store = openStore(':memory:');
  let full = false;
  const failing = {
    ...store,
    commit(change: Change) {
      if (full) throw new Error('the disk is full');
      store.commit(change);
    },
  };
  const parts = { specs: [specOf('ranker')], store: failing, publisher: fakePublisher(), now: () => 0 };
  const controller = createController(parts);
  const before = [controller.snapshot(), controller.views()];
  full = true;
  const refused = controller.apply([specOf('ranker', { routes: ['other'] })]);
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
  expect([controller.snapshot(), controller.views()]).toEqual(before);

  full = false;
  await controller.setWeight({ rollout: 'ranker', weightBp: 500, reason: 'r', actor: 'a' });
  expect(controller.view('ranker')).toMatchObject({ routes: ['ranker'], weightBp: 500, revision: 2 });
});
