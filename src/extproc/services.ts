/** What the decide socket serves: ext_proc and grpc.health.v1, nothing else. */
import { ExternalProcessorService } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthService,
} from '../gen/grpc/health/v1/health.ts';
import { openSession, type SessionPorts } from './session.ts';
import { type Call, type CallHandler, type Connection, type OpenCall, STATUS } from './transport.ts';

/** Envoy's health check of the decide cluster asks for this name. */
export const PROCESSOR_NAME = 'envoy.service.ext_proc.v3.ExternalProcessor';
export const PROCESS_PATH = ExternalProcessorService.process.path;
const HEALTH_CHECK_PATH = HealthService.check.path;

/** `serving` is asked at each health check, with who asks. */
export function decideServices(ports: SessionPorts, serving: (asker: Connection) => boolean): OpenCall {
  return (call) => {
    if (call.path === PROCESS_PATH) return openSession(call, ports);
    if (call.path === HEALTH_CHECK_PATH) return answerHealth(call, serving);
    call.finish(STATUS.unimplemented, `${call.path} is not served here`);
    return SILENT;
  };
}

function answerHealth(call: Call, serving: (asker: Connection) => boolean): CallHandler {
  return {
    ...SILENT,
    message(bytes) {
      const service = serviceOf(bytes);
      if (service === undefined) {
        call.finish(STATUS.invalidArgument, 'not a HealthCheckRequest');
        return;
      }
      if (service !== '' && service !== PROCESSOR_NAME) {
        call.finish(STATUS.notFound, `no service ${service} here`);
        return;
      }
      const status = serving(call.connection)
        ? HealthCheckResponse_ServingStatus.SERVING
        : HealthCheckResponse_ServingStatus.NOT_SERVING;
      call.send(HealthCheckResponse.encode({ status }).finish());
      call.finish(STATUS.ok);
    },
  };
}

function serviceOf(bytes: Uint8Array): string | undefined {
  try {
    return HealthCheckRequest.decode(bytes).service;
  } catch {
    return undefined;
  }
}

const SILENT: CallHandler = { message() {}, halfClosed() {}, closed() {} };
