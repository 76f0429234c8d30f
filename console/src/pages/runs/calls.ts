/** The HTTP call of a step: its record, one line about it, and the same call as a command. */

import { plural, t } from '@lingui/core/macro';
import type { Step } from '../../shared/api/types';
import { formatDuration } from '../../shared/ui/format';
import { quoteForShell } from '../../shared/ui/shellText';
import { callTries, type Facts, isFacts } from './evidence';

/** A body as it was recorded: JSON, a text, or null. */
export interface RecordedBody {
  body: unknown;
  /** Says that a long body was cut. */
  note: string | null;
  /** Says that the rest of a long body was lost. */
  rest: string | null;
  link: { url: string; bytes: number | null } | null;
  binary: { contentType: string | null; bytes: number; sha256: string } | null;
}

export interface CallRequest extends RecordedBody {
  method: string;
  url: string;
  headers: [name: string, value: string][];
  query: [name: string, value: string][];
  size: number;
}

export interface CallResponse extends RecordedBody {
  status: number;
  headers: [name: string, value: string][];
  size: number;
  durationMs: number | null;
  redirectsTo: string | null;
  notes: string[];
}

function textIn(facts: Facts, name: string): string | null {
  const value = facts[name];
  return typeof value === 'string' ? value : null;
}

function numberIn(facts: Facts, name: string): number | null {
  const value = facts[name];
  return typeof value === 'number' ? value : null;
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Pairs of names and values; a list repeats its name. */
function pairsIn(value: unknown): [string, string][] {
  if (!isFacts(value)) return [];
  return Object.entries(value).flatMap(([name, found]) =>
    (Array.isArray(found) ? found : [found]).map((one): [string, string] => [name, written(one)]),
  );
}

function bodyOf(facts: Facts): RecordedBody {
  const { bodyLink: link, binary } = facts;
  const url = isFacts(link) ? textIn(link, 'url') : null;
  return {
    body: facts.body ?? null,
    note: textIn(facts, 'note'),
    rest: textIn(facts, 'rest'),
    link: isFacts(link) && url !== null ? { url, bytes: numberIn(link, 'bytes') } : null,
    binary: isFacts(binary)
      ? {
          contentType: textIn(binary, 'contentType'),
          bytes: numberIn(binary, 'bytes') ?? 0,
          sha256: textIn(binary, 'sha256') ?? '',
        }
      : null,
  };
}

/** The recorded request; null if the step has none, or only a note that it was left out. */
export function requestOf({ request }: Pick<Step, 'request'>): CallRequest | null {
  if (!request) return null;
  const [method, url] = [textIn(request, 'method'), textIn(request, 'url')];
  if (method === null || url === null) return null;
  return {
    method,
    url,
    headers: pairsIn(request.headers),
    query: pairsIn(request.query),
    size: numberIn(request, 'size') ?? 0,
    ...bodyOf(request),
  };
}

/** The recorded response; null if the step has none, or only a note that it was left out. */
export function responseOf({ response }: Pick<Step, 'response'>): CallResponse | null {
  if (!response) return null;
  const status = numberIn(response, 'status');
  if (status === null) return null;
  return {
    status,
    headers: pairsIn(response.headers),
    size: numberIn(response, 'size') ?? 0,
    durationMs: numberIn(response, 'durationMs'),
    redirectsTo: textIn(response, 'redirectsTo'),
    notes: Array.isArray(response.notes) ? response.notes.map(written) : [],
    ...bodyOf(response),
  };
}

/** `api.example.com/score`: the address without its scheme, query and fragment. */
function shortAddress(url: string): string {
  return url.replace(/^https?:\/\//i, '').replace(/[?#].*$/s, '');
}

/** The result of the last try: `503 in 120 ms`, `timed out after 10.0 s`. */
function lastResult(step: Step): string | null {
  const last = callTries(step).at(-1);
  const response = responseOf(step);
  const took = response?.durationMs ?? last?.durationMs ?? null;
  const status = response?.status ?? last?.status ?? null;
  if (status !== null) return took === null ? String(status) : t`${status} in ${formatDuration(took)}`;
  if (!last) return null;
  const reason = last.kind === 'TIMEOUT' ? t`timed out` : t`no answer`;
  return took === null ? reason : t`${reason} after ${formatDuration(took)}`;
}

/** `POST api.example.com/score → 503 in 120 ms, 3 tries`; null for a step without a call. */
export function callSentence(step: Step): string | null {
  const request = requestOf(step);
  if (!request) return null;
  const call = `${request.method} ${shortAddress(request.url)}`;
  const result = lastResult(step);
  if (result === null) return call;
  const tries = step.tries ?? callTries(step).length;
  return tries > 1
    ? plural(tries, { one: `${call} → ${result}, 1 try`, other: `${call} → ${result}, ${tries} tries` })
    : `${call} → ${result}`;
}

/** What stands in a record instead of a secret; it is never encoded, so that people see it. */
const STRUCK = /(\[redacted\]|\{\{\s*secret\.\w+\s*\}\})/;

function encoded(text: string): string {
  return text
    .split(STRUCK)
    .map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part)))
    .join('');
}

/** The address with the query's parameters, as the call sent it. */
export function fullAddress({ url, query }: CallRequest): string {
  if (query.length === 0) return url;
  const [, address = url, fragment = ''] = /^([^#]*)(#.*)?$/s.exec(url) ?? [];
  const more = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
  const joint = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${joint}${more}${fragment}`;
}

/**
 * The request as a curl command for a POSIX shell. Struck secrets stay struck: people put their own
 * in. `--globoff` keeps curl from reading brackets and braces as patterns.
 */
export function curlCommand(request: CallRequest): string {
  const { method, headers, body } = request;
  const address = fullAddress(request);
  return [
    `curl --globoff${method === 'HEAD' ? ' --head' : ` --request ${quoteForShell(method)}`}`,
    ...headers.map(([name, value]) =>
      // curl leaves a header out if nothing follows its colon.
      `--header ${quoteForShell(value === '' ? `${name};` : `${name}: ${value}`)}`,
    ),
    ...(body === null ? [] : [`--data-raw ${quoteForShell(written(body))}`]),
    `--url ${quoteForShell(address)}`,
  ].join(' \\\n  ');
}

/** The line below a step's name: its call, or why it failed or was skipped. */
export function stepNote(step: Step): string | null {
  return callSentence(step) ?? step.error?.message ?? step.reason;
}
