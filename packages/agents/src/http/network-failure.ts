import { VltairError } from '@vltair/protocol';

/** What trying again does not mend: the certificate of the host, and an answer that is not HTTP. */
const LASTING = /^(?:CERT_|ERR_TLS_|ERR_SSL_|HPE_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_)/;

/**
 * What a request that the network failed ends with. One that may have arrived, and must not arrive twice, is not tried
 * again by itself.
 */
export function networkFailure(error: unknown, host: string, mayRepeat: boolean): VltairError {
  if (error instanceof VltairError) return error;
  const code = codeOf(error);
  const detail = `${host}: ${code ?? (error instanceof Error ? error.message : String(error))}`;
  if (code !== undefined && LASTING.test(code)) return new VltairError('fatal/agent', { detail, cause: error });
  if (mayRepeat) return new VltairError('transient/agent', { detail, cause: error });
  return unknownWhether(detail, error);
}

export function unknownWhether(detail: string, cause: unknown): VltairError {
  return new VltairError('fatal/agent', { detail: `${detail}; it is not known whether the request arrived`, cause });
}

/** The first code of an error, or of the errors that it sums up. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
