/** Who gets in where strangers knock: before anything of a request is read, and not with too many calls at once. */
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { DeniedError } from '../access/denied.ts';
import { RolloutAdminService } from '../gen/understudy/admin/v1/admin.ts';
import { denied, type Guarding } from './authorize.ts';
import type { IncomingCall } from './callers.ts';

/** Calls that are open, streams too; each may hold a request, or what a slow reader has not fetched. */
const LIMITS = { ofAll: 256, ofOne: 64, ofHealth: 32 };

const ADMIN_PATHS: ReadonlySet<string> = new Set(Object.values(RolloutAdminService).map(({ path }) => path));

/**
 * Looks at who calls when a call's headers are there: grpc-js gives a call to its handler when it has all of the request, up
 * to 4 MiB, which nobody shall make us hold whom we do not know. Health, which is open to all, has few places of its own.
 */
export function createDoorkeeper(
  guarding: Pick<Guarding, 'callerOf' | 'onDenied'>,
  { ofAll, ofOne, ofHealth } = LIMITS,
): ServerInterceptor {
  const known = createPlaces(ofAll);
  const health = createPlaces(ofHealth);
  const byName = new Map<string, Places>();

  const enter = (path: string, call: IncomingCall): (() => void) => {
    if (!ADMIN_PATHS.has(path)) return health.take();
    const { name } = guarding.callerOf(call);
    const leave = known.take();
    if (name === undefined) return leave;
    const own = byName.get(name) ?? createPlaces(ofOne);
    try {
      const leaveOwn = own.take();
      byName.set(name, own);
      return () => {
        leave();
        leaveOwn();
        if (own.taken() === 0) byName.delete(name);
      };
    } catch (error) {
      leave();
      throw error;
    }
  };

  return ({ path }, call) => {
    let leave = () => {};
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, goOn) {
            const incoming: IncomingCall = {
              metadata,
              getPeer: () => call.getPeer(),
              getAuthContext: () => call.getAuthContext(),
            };
            try {
              leave = enter(path, incoming);
            } catch (error) {
              call.sendStatus(denied(incoming, error, guarding));
              return;
            }
            goOn(metadata);
          },
          // also when it has ended well
          onCancel: () => leave(),
        });
      },
    });
  };
}

interface Places {
  /** Returns what gives it back. Throws DeniedError. */
  take(): () => void;
  taken(): number;
}

function createPlaces(max: number): Places {
  let taken = 0;
  return {
    take() {
      if (taken >= max) throw new DeniedError('crowded', `calls: expected at most ${max} at once, found one more`);
      taken += 1;
      return () => {
        taken -= 1;
      };
    },
    taken: () => taken,
  };
}
