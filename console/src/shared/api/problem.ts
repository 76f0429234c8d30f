/** Every failure between the console and the API, as errors that a page can distinguish. */

import { t } from '@lingui/core/macro';

/** One invalid value: its path in the sent document or in its node, and the reason. */
export interface FieldProblem {
  field: string | null;
  message: string;
  /** A stable code for programs. */
  code?: string;
  nodeId?: string;
  /** The index of the edge. */
  edge?: number;
}

/** The API answered with an error; the fields are those of its RFC 9457 problem document. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | null,
    readonly retryAfterSeconds: number | null,
    /** The problems of the sent document, if the error is about that. */
    readonly problems: readonly FieldProblem[] = [],
  ) {
    super(detail ?? title);
    this.name = t`ApiError`;
  }
}

/** No answer came: the network or the service is down. */
export class OfflineError extends Error {
  constructor(cause: unknown) {
    super(t`No answer came from the server.`, { cause });
    this.name = t`OfflineError`;
  }
}

/** The session ended and could not be renewed. */
export class SessionExpiredError extends Error {
  constructor() {
    super(t`Your session has ended.`);
    this.name = t`SessionExpiredError`;
  }
}

function textField(document: unknown, field: string): string | null {
  if (typeof document !== 'object' || document === null) return null;
  const value: unknown = (document as Record<string, unknown>)[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Every problem in the document; one that names a field itself is the only one. */
function readProblems(document: unknown, detail: string | null): FieldProblem[] {
  if (typeof document !== 'object' || document === null) return [];
  const listed: unknown = (document as Record<string, unknown>).problems;
  if (Array.isArray(listed)) {
    return listed.map((problem) => {
      const code = textField(problem, 'code');
      const nodeId = textField(problem, 'nodeId');
      const edge: unknown = (problem as Record<string, unknown>).edge;
      return {
        field: textField(problem, 'field'),
        message: textField(problem, 'message') ?? t`This value is not valid.`,
        ...(code !== null && { code }),
        ...(nodeId !== null && { nodeId }),
        ...(typeof edge === 'number' && { edge }),
      };
    });
  }
  const field = textField(document, 'field');
  return field === null ? [] : [{ field, message: detail ?? t`This value is not valid.` }];
}

/** Reads an error response. A body that is not a problem document (a proxy's page) is ignored. */
export async function readProblem(response: Response): Promise<ApiError> {
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const text = await response.text();
  let document: unknown = null;
  if (isJson) {
    try {
      document = JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  // API Gateway's own errors have `message` and no problem document.
  const detail = textField(document, 'detail') ?? textField(document, 'message');
  const title = textField(document, 'title') ?? t`The server answered ${response.status}`;
  return new ApiError(
    response.status,
    title,
    detail,
    Number.isFinite(retryAfter) ? retryAfter : null,
    readProblems(document, detail),
  );
}

export async function fetchOrOffline(input: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(input, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new OfflineError(error);
  }
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof OfflineError) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}

/** How long the server asked to wait, in milliseconds; 0 if it did not ask. */
export function retryAfterMs(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
}
