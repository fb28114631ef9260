import type { handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import type { TokenDesk } from '../access/token-desk.ts';
import type { ListRolloutsResponse, RolloutAdminServer } from '../gen/understudy/admin/v1/admin.ts';
import { NO_VERDICTS, type Verdicts } from '../judging/verdicts.ts';
import type { OutcomeDesk } from '../outcomes/outcome-desk.ts';
import type { RecordedRow } from '../recording/row.ts';
import type { Changed, Controller } from '../rollout/controller.ts';
import { compileSnapshot } from '../routing/decide.ts';
import { explainDecision } from '../routing/explain.ts';
import type { LookUpGeo } from '../routing/segments.ts';
import { applyRollout, type MadeRollouts } from './apply.ts';
import { explainMessage, sidecarMessage } from './convert.ts';
import { toStatus } from './errors.ts';
import { lately } from './lately.ts';
import type { Observations } from './observations.ts';
import { recordOutcomes, streamOutcomes, truthMessage } from './outcomes.ts';
import { checkFilter } from './pair-filter.ts';
import { forgetUnit, getPair, listPairs, needBodies } from './pairs.ts';
import { changeOf, factsOf, inRange, nonEmpty, printableText } from './requests.ts';
import { createShowRollout } from './rollout-message.ts';
import { tokenHandlers } from './tokens.ts';
import { verdictMessage, watchVerdicts } from './verdicts.ts';
import { watchEvents, watchPairs, watchRollouts } from './watch.ts';

/** What the admin service shows and changes. */
export interface AdminParts {
  readonly controller: Controller;
  readonly observations: Observations;
  /** By the newest geography database. */
  readonly lookUp: LookUpGeo;
  /** Of the sidecar. */
  readonly version: string;
  /** Since the epoch. */
  readonly startedAtMs: number;
  /** Bodies of kept pairs may be shown. */
  readonly allowBodies: () => boolean;
  /** A pair that memory no longer holds; undefined: nothing is recorded. */
  readonly findRecorded?: (id: string) => Promise<RecordedRow | undefined>;
  /** What the guards say; default: nothing is judged. */
  readonly verdicts?: Verdicts;
  /** Where outcomes are said; undefined: none are taken. */
  readonly outcomes?: OutcomeDesk;
  /** Rollouts that are in no file; undefined: there are none, and none can be made. */
  readonly made?: MadeRollouts;
  /** Who may call; undefined: no tokens are kept. */
  readonly tokens?: TokenDesk;
  /** For lines of the sidecar's log; default: standard output. */
  readonly log?: (line: string) => void;
}

/** As often as a watcher may ask. */
const SHARED_MS = 100;

/** The handlers of RolloutAdmin; streams end when `stopping` aborts. */
export function createService(parts: AdminParts, stopping: AbortSignal): RolloutAdminServer {
  const { controller, observations, verdicts = NO_VERDICTS } = parts;
  const tokens = tokenHandlers(parts);
  const show = createShowRollout({ controller, observations, verdicts });

  const list = (): ListRolloutsResponse => {
    const evidence = observations.evidence();
    return {
      rollouts: controller.views().map((view) => show(view, evidence)),
      sidecar: sidecarMessage(parts, controller.snapshot().revision, observations),
    };
  };

  /** Merging evidence costs this thread something, and a breaker's trip must not wait for many watchers. */
  const watched = lately(list, {
    sharedMs: SHARED_MS,
    nowMs: () => performance.now(),
    revision: () => controller.snapshot().revision,
  });

  const changed = async (changing: Promise<Changed>) => {
    const { view, unconfirmed } = await changing;
    return { rollout: show(view), unconfirmedThreads: [...unconfirmed] };
  };

  const asked = (rollout: string) => (rollout === '' ? controller.views() : [controller.view(rollout)]);

  const judged = (rollout: string) =>
    verdictMessage(rollout, controller.view(nonEmpty('rollout', rollout)).release, verdicts);

  return {
    listRollouts: unary(list),
    getRollout: unary(({ name }) => show(controller.view(nonEmpty('name', name)))),
    watchRollouts: streaming((call) => {
      const intervalMs = inRange('interval_ms', call.request.intervalMs, { min: 100, max: 60_000, whenZero: 1_000 });
      watchRollouts(call, intervalMs, watched, controller.onChange, stopping);
    }),
    setWeight: unary((request) => changed(controller.setWeight({ weightBp: undefined, ...request }))),
    promote: unary((request) => changed(controller.promote(changeOf(request), request.toEnd))),
    pause: unary((request) => changed(controller.pause(request))),
    resume: unary((request) => changed(controller.resume(changeOf(request), request.keepWeight))),
    abort: unary((request) => changed(controller.abort(request))),
    approve: unary((request) => changed(controller.approve(request))),
    complete: unary((request) => {
      const { catchAllCluster: cluster, seenIn } = request;
      const seen = { cluster: printableText('catch_all_cluster', cluster), seenIn: printableText('seen_in', seenIn) };
      return changed(controller.complete(changeOf(request), seen));
    }),
    applyRollout: unary((request) => applyRollout(request, parts, show)),
    deleteRollout: unary(async (request) => {
      const { unconfirmed } = await controller.applyMade(request, undefined);
      return { unconfirmedThreads: [...unconfirmed] };
    }),
    explain: unary((request) => {
      const snapshot = controller.snapshot();
      const { decision, steps } = explainDecision(compileSnapshot(snapshot), factsOf(request), parts.lookUp);
      return explainMessage(decision, steps, snapshot.revision);
    }),
    listEvents: unary(({ rollout, limit, before }) => ({
      events: [
        ...controller.events({
          rollout: rollout || undefined,
          limit: inRange('limit', limit, { min: 1, max: 1_000, whenZero: 50 }),
          before: before || undefined,
        }),
      ],
    })),
    watchEvents: streaming((call) => watchEvents(call, controller, stopping)),
    createToken: unary(tokens.createToken),
    listTokens: unary(tokens.listTokens),
    revokeToken: unary(tokens.revokeToken),
    watchPairs: streaming((call) => {
      inRange('recent', call.request.recent, { min: 1, max: 1_000, whenZero: 0 });
      checkFilter(call.request, asked(call.request.rollout));
      if (call.request.includeBodies) needBodies(parts.allowBodies);
      watchPairs(call, observations, parts.allowBodies, stopping);
    }),
    listPairs: unary((request) => {
      checkFilter(request, asked(request.rollout));
      return listPairs(request, observations);
    }),
    getPair: unary((request) => getPair(request, parts)),
    forgetUnit: unary((request) => forgetUnit(request, observations, parts.log ?? console.log)),
    getVerdict: unary(({ rollout }) => judged(rollout)),
    watchVerdicts: streaming((call) => {
      const { rollout } = call.request;
      judged(rollout);
      watchVerdicts(call, () => judged(rollout), verdicts, stopping);
    }),
    recordOutcomes: unary((request) => recordOutcomes(request, parts.outcomes)),
    streamOutcomes: (call, callback) => void streamOutcomes(call, callback, parts.outcomes),
    getTruth: unary(({ rollout }) => truthMessage(controller.view(nonEmpty('rollout', rollout)), parts.outcomes)),
  };
}

function unary<Request, Response>(answer: (request: Request) => Response | Promise<Response>) {
  const handle: handleUnaryCall<Request, Response> = async (call, callback) => {
    try {
      callback(null, await answer(call.request));
    } catch (error) {
      callback(toStatus(error));
    }
  };
  return handle;
}

function streaming<Request, Response>(start: handleServerStreamingCall<Request, Response>) {
  const handle: handleServerStreamingCall<Request, Response> = (call) => {
    try {
      start(call);
    } catch (error) {
      call.emit('error', toStatus(error));
    }
  };
  return handle;
}
