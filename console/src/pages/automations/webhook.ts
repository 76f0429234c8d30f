/** Builds a shell command that calls an automation's webhook. */

import type { Graph } from '../../shared/graph/model';
import { quoteForShell } from '../../shared/ui/shellText';
import { intakeOf, isFacts } from './sources';

const SAMPLES: Record<string, string> = {
  email: 'ada@example.com',
  phone: '+4915112345678',
  id: 'con_…',
  externalId: '1001',
};

function put(body: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  let place = body;
  for (const name of names) {
    const next = place[name];
    const inner = isFacts(next) ? next : {};
    place[name] = inner;
    place = inner;
  }
  place[last] = value;
}

/** The trigger's example, or a payload with all fields that the trigger reads. */
export function samplePayload(trigger: Record<string, unknown>): Record<string, unknown> {
  if (isFacts(trigger.sampleEvent)) return trigger.sampleEvent;
  const intake = intakeOf(trigger) ?? {};
  const body: Record<string, unknown> = {};
  const { contactLookup, dedupePath, path } = intake;
  if (typeof dedupePath === 'string') put(body, dedupePath, '1001');
  if (isFacts(contactLookup) && typeof contactLookup.path === 'string') {
    put(body, contactLookup.path, SAMPLES[String(contactLookup.by)] ?? 'x');
  }
  if (typeof path === 'string') put(body, path, '2030-01-31');
  return body;
}

/** Signed calls read the secret from the variable SECRET, so it is not in the shell's history. */
export function curlLine(url: string, payload: Record<string, unknown>, signed: boolean): string {
  const body = JSON.stringify(payload);
  const type = "-H 'Content-Type: application/json'";
  if (!signed) return `curl -X POST ${quoteForShell(url)} ${type} -d ${quoteForShell(body)}`;
  return [
    `BODY=${quoteForShell(body)}`,
    'SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed \'s/^.* //\')',
    `curl -X POST ${quoteForShell(url)} ${type} -H "X-Runledger-Signature: sha256=$SIGNATURE" -d "$BODY"`,
  ].join('\n');
}

export function triggerOf(graph: Pick<Graph, 'nodes'>): Record<string, unknown> | null {
  return graph.nodes.find(({ config }) => typeof config.triggerType === 'string')?.config ?? null;
}
