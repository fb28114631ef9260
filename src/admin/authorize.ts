/** Whether a call of the admin service may be: around all of its handlers, so that none is forgotten. */
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type StatusObject,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { DeniedError } from '../access/denied.ts';
import { mayAct, type Role } from '../access/roles.ts';
import { type RolloutAdminServer, RolloutAdminService } from '../gen/understudy/admin/v1/admin.ts';
import type { Caller, CallerOf, IncomingCall } from './callers.ts';
import { toStatus } from './errors.ts';

type Method = keyof typeof RolloutAdminService;

/** The least role that may call each method. */
export const ROLE_OF: Readonly<Record<Method, Role>> = {
  listRollouts: 'viewer',
  getRollout: 'viewer',
  watchRollouts: 'viewer',
  explain: 'viewer',
  listEvents: 'viewer',
  watchEvents: 'viewer',
  watchPairs: 'viewer',
  listPairs: 'viewer',
  getPair: 'viewer',
  getVerdict: 'viewer',
  watchVerdicts: 'viewer',
  getTruth: 'viewer',
  setWeight: 'operator',
  promote: 'operator',
  pause: 'operator',
  resume: 'operator',
  abort: 'operator',
  recordOutcomes: 'operator',
  streamOutcomes: 'operator',
  approve: 'approver',
  complete: 'approver',
  applyRollout: 'admin',
  deleteRollout: 'admin',
  forgetUnit: 'admin',
  createToken: 'admin',
  listTokens: 'admin',
  revokeToken: 'admin',
};
/** Captured bodies are what people asked of the models, and were told. */
const ROLE_FOR_BODIES: Role = 'operator';

const MAX_ACTOR = 200;

/** Who is named in events: the caller, and whom the request names if that is another. */
export function actorOf({ name }: Caller, given: string): string {
  // one that is too long is refused by whoever reads it
  if (name === undefined || given.length > MAX_ACTOR) return given;
  return given === '' || given === name ? name : `${name} (${given})`.slice(0, MAX_ACTOR);
}

/** What of a request matters here. */
interface Asked {
  readonly actor?: string;
  readonly change?: Asked | undefined;
  readonly includeBodies?: boolean;
}

/** Throws DeniedError. */
function checkRole(method: Method, request: Asked | undefined, { role, name }: Caller): void {
  const bodies = request?.includeBodies === true && mayAct(ROLE_FOR_BODIES, ROLE_OF[method]);
  const needed = bodies ? ROLE_FOR_BODIES : ROLE_OF[method];
  if (mayAct(role, needed)) return;
  const what = `${method[0]?.toUpperCase()}${method.slice(1)}${bodies ? ' with include_bodies' : ''}`;
  throw new DeniedError('forbidden', `${what} takes the role ${needed}, and ${name ?? 'this caller'} is ${role}`);
}

function signed<Request extends object>(request: Request, caller: Caller): Request {
  const { actor, change }: Asked = request;
  return {
    ...request,
    ...(actor === undefined ? {} : { actor: actorOf(caller, actor) }),
    ...(change === undefined ? {} : { change: signed(change, caller) }),
  };
}

export interface Guarding {
  readonly callerOf: CallerOf;
  /** Told of each call that was not let in. */
  readonly onDenied: (call: IncomingCall, error: DeniedError) => void;
  /** Calls `again` at times until the returned function is called; default: every 5 s. */
  readonly repeat?: (again: () => void) => () => void;
}

const LOOK_AGAIN_MS = 5_000;

/**
 * `handlers`, called only by who may, with requests that name who it is (`actor`, `change.actor`). Streams end when whoever
 * opened them may no longer: their token expired or was revoked.
 */
export function guardService(handlers: RolloutAdminServer, guarding: Guarding): RolloutAdminServer {
  const methods = Object.keys(RolloutAdminService) as Method[];
  return Object.fromEntries(
    methods.map((method) => [method, guardOf(method, handlers, guarding)]),
  ) as RolloutAdminServer;
}

type Unary = handleUnaryCall<object, object>;
type ClientStreaming = handleClientStreamingCall<object, object>;
type ServerStreaming = handleServerStreamingCall<object, object>;

function guardOf(method: Method, handlers: RolloutAdminServer, guarding: Guarding): UntypedHandleCall {
  const handler: UntypedHandleCall = handlers[method];
  const { requestStream, responseStream } = RolloutAdminService[method];
  const checked = (call: IncomingCall, request?: object) => {
    const caller = guarding.callerOf(call);
    checkRole(method, request, caller);
    return caller;
  };
  if (responseStream) return guardServerStream(handler as ServerStreaming, checked, guarding);
  if (requestStream) return guardClientStream(handler as ClientStreaming, checked, guarding);
  const unary: Unary = (call, callback) => {
    try {
      call.request = signed(call.request, checked(call, call.request));
    } catch (error) {
      callback(denied(call, error, guarding));
      return;
    }
    (handler as Unary)(call, callback);
  };
  return unary;
}

/** Throws DeniedError, or what the store throws. */
type Check = (call: IncomingCall, request?: object) => Caller;

function guardServerStream(handler: ServerStreaming, check: Check, guarding: Guarding): ServerStreaming {
  return (call) => {
    const fail = (refusal: Refusal) => void call.emit('error', refusal);
    try {
      call.request = signed(call.request, check(call, call.request));
    } catch (error) {
      fail(denied(call, error, guarding));
      return;
    }
    lookAgain(call, () => void check(call, call.request), guarding, fail);
    handler(call);
  };
}

function guardClientStream(handler: ClientStreaming, check: Check, guarding: Guarding): ClientStreaming {
  return (call, callback) => {
    let answered = false;
    const answerOnce: typeof callback = (...answer) => {
      stop();
      if (!answered) callback(...answer);
      answered = true;
    };
    try {
      check(call);
    } catch (error) {
      callback(denied(call, error, guarding));
      return;
    }
    const stop = lookAgain(call, () => void check(call), guarding, answerOnce);
    handler(call, answerOnce);
  };
}

type Refusal = Pick<StatusObject, 'code' | 'details'>;

/** Calls `fail` when `check` throws some day; until then, or until the call is over, or it is told to stop. */
function lookAgain(
  call: IncomingCall & { once(event: 'close' | 'cancelled', listener: () => void): unknown },
  check: () => void,
  guarding: Guarding,
  fail: (refusal: Refusal) => void,
): () => void {
  const stop = (guarding.repeat ?? everyFewSeconds)(() => {
    try {
      check();
    } catch (error) {
      stop();
      fail(denied(call, error, guarding));
    }
  });
  call.once('close', stop);
  call.once('cancelled', stop);
  return stop;
}

function everyFewSeconds(again: () => void): () => void {
  const timer = setInterval(again, LOOK_AGAIN_MS);
  return () => clearInterval(timer);
}

const STATUS_OF: Readonly<Record<DeniedError['code'], status>> = {
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  crowded: status.RESOURCE_EXHAUSTED,
};

/** What a caller is told who was not let in. */
export function denied(call: IncomingCall, error: unknown, { onDenied }: Pick<Guarding, 'onDenied'>): Refusal {
  if (!(error instanceof DeniedError)) return toStatus(error);
  onDenied(call, error);
  return { code: STATUS_OF[error.code], details: error.message };
}
