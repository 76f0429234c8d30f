/** Everything that can go wrong between the console and the API, as errors a page can tell apart. */

/** The API answered with an error; the fields are those of its RFC 9457 problem document. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | null,
    readonly retryAfterSeconds: number | null,
  ) {
    super(detail ?? title);
    this.name = 'ApiError';
  }
}

/** No answer came at all: the network or the service is away. */
export class OfflineError extends Error {
  constructor(cause: unknown) {
    super('No answer came from the server.', { cause });
    this.name = 'OfflineError';
  }
}

/** The session ended and could not be renewed. */
export class SessionExpiredError extends Error {
  constructor() {
    super('Your session has ended.');
    this.name = 'SessionExpiredError';
  }
}

function textField(document: unknown, field: string): string | null {
  if (typeof document !== 'object' || document === null) return null;
  const value: unknown = (document as Record<string, unknown>)[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Read an error response. A body that is no problem document (a proxy's page) is left unread. */
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
  return new ApiError(
    response.status,
    textField(document, 'title') ?? `The server answered ${response.status}`,
    // API Gateway's own refusals carry `message` and no problem document.
    textField(document, 'detail') ?? textField(document, 'message'),
    Number.isFinite(retryAfter) ? retryAfter : null,
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

/** Whether asking again, unchanged, may succeed. */
export function isTransient(error: unknown): boolean {
  if (error instanceof OfflineError) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}
