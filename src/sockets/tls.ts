/** TLS of the gRPC servers: read from files at the start, and again when the files change. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';

/** Absolute paths of PEM files. */
export interface TlsFiles {
  /** Of the server, followed by those that lead to its root. */
  readonly certificate: string;
  readonly key: string;
  /** Whose certificates clients may show; undefined: they are asked for none. */
  readonly clientCa: string | undefined;
}

export interface TlsServer {
  readonly credentials: ServerCredentials;
  /** Looks at the files now. */
  refresh(): void;
  stop(): void;
}

const LOOK_EVERY_MS = 10_000;

/**
 * Reads `files`; throws with the file's name when one is missing or wrong. From then on it looks every 10 s whether they
 * changed: new connections get what is new, and files that are wrong then are logged and change nothing. With `mustShow`
 * nobody without a certificate of `clientCa` gets in; else the certificate is asked for, and the call decides.
 */
export function createTls(
  files: TlsFiles,
  { mustShow, log }: { readonly mustShow: boolean; readonly log: (line: string) => void },
): TlsServer {
  let seen = stampOf(files);
  const credentials = new RenewedCredentials(readTls(files, log), {
    requestCert: files.clientCa !== undefined,
    rejectUnauthorized: mustShow,
  });
  const refresh = () => {
    const stamp = stampOf(files);
    if (stamp === seen) return;
    seen = stamp;
    try {
      credentials.renew(readTls(files, log));
      log(`certificate ${files.certificate} was read again`);
    } catch (error) {
      log(`${(error as Error).message}; the certificate from before stays`);
    }
  };
  const timer = setInterval(refresh, LOOK_EVERY_MS);
  timer.unref();
  return { credentials, refresh, stop: () => clearInterval(timer) };
}

/** Throws with the file's name and the reason; logs what is no reason not to serve. */
export function readTls(files: TlsFiles, log: (line: string) => void): SecureContextOptions {
  const [cert, key] = [readPem(files.certificate), readPem(files.key)];
  const certificate = understood(files.certificate, 'a certificate in PEM', () => new X509Certificate(cert));
  const privateKey = understood(files.key, 'a private key in PEM, without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new Error(`${files.key}: expected the key of ${files.certificate}, found another one`);
  if ((statSync(files.key).mode & 0o004) !== 0) log(`${files.key} can be read by every user of this machine`);
  if (new Date(certificate.validTo).getTime() < Date.now())
    log(`${files.certificate} expired: ${certificate.validTo}; clients will refuse it`);
  if (files.clientCa === undefined) return { cert, key };
  const ca = readPem(files.clientCa);
  understood(files.clientCa, 'a certificate in PEM', () => new X509Certificate(ca));
  return { cert, key, ca };
}

class RenewedCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, options: { requestCert: boolean; rejectUnauthorized: boolean }) {
    super(options, context);
  }

  renew(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function understood<T>(file: string, expected: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Error(`${file}: expected ${expected}, found something else`);
  }
}

/** Another one when a file was replaced, also by a link. */
function stampOf(files: TlsFiles): string {
  const paths = [files.certificate, files.key, ...(files.clientCa === undefined ? [] : [files.clientCa])];
  return paths
    .map((path) => {
      try {
        const { ino, mtimeMs, size } = statSync(path);
        return `${ino} ${mtimeMs} ${size}`;
      } catch (error) {
        // it is looked at beside everything else: what cannot be looked at now must not end the process
        return (error as NodeJS.ErrnoException).code ?? 'missing';
      }
    })
    .join();
}
