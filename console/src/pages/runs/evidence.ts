/** Sentences about what a step read and decided: `HAS_TAG vip was false: tags were a, b`. */

import { t } from '@lingui/core/macro';
import type { Step } from '../../shared/api/types';
import { formatDuration, formatExact } from '../../shared/ui/format';

export type Facts = Record<string, unknown>;

export function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function factsIn(value: unknown): Facts[] {
  return Array.isArray(value) ? value.filter(isFacts) : [];
}

/** A value as it is quoted in a sentence. */
function quote(value: unknown): string {
  if (value === null || value === undefined) return t`nothing`;
  if (typeof value === 'string') return value === '' ? t`an empty text` : value;
  if (Array.isArray(value)) return value.length === 0 ? t`none` : value.map(quote).join(', ');
  return JSON.stringify(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : quote(value);
}

/** `HAS_TAG vip was false` */
function verdictText(name: string, verdict: unknown): string {
  if (verdict === null || verdict === undefined) return t`${name} was not evaluated`;
  return verdict === true ? t`${name} was true` : t`${name} was false`;
}

/** What a rule of this kind read of the contact. */
function readText(kind: string, rule: Facts, value: string): string {
  switch (kind) {
    case 'HAS_TAG':
      return t`tags were ${value}`;
    case 'HAS_EMAIL':
      return t`the e-mail address was ${value}`;
    case 'HAS_PHONE':
      return t`the phone number was ${value}`;
    case 'HAS_EXTERNAL_ID':
    case 'EXTERNAL_ID_EQUALS':
      return t`the external id ${text(rule.name)} was ${value}`;
    case 'METADATA_EQUALS':
      return t`metadata ${text(rule.key)} was ${value}`;
    default:
      return t`${text(rule.field)} was ${value}`;
  }
}

/** The rule as it was written, without the values it read. */
function ruleName(rule: Facts): string {
  const kind = text(rule.kind);
  // Of a rule that was not evaluated, only the kind is recorded.
  if ((rule.verdict ?? null) === null) return kind;
  switch (kind) {
    case 'HAS_TAG':
      return `${kind} ${text(rule.tag)}`;
    case 'FIELD_EQUALS':
      return `${kind} ${text(rule.field)} = ${quote(rule.value)}`;
    case 'HAS_EXTERNAL_ID':
      return `${kind} ${text(rule.name)}`;
    case 'EXTERNAL_ID_EQUALS':
      return `${kind} ${text(rule.name)} = ${quote(rule.value)}`;
    case 'METADATA_EQUALS':
      return `${kind} ${text(rule.key)} = ${quote(rule.value)}`;
    case 'COMPARE': {
      const left = isFacts(rule.left) ? quote(rule.left.source) : '';
      const right = isFacts(rule.right) ? ` ${quote(rule.right.source)}` : '';
      return `${left} ${text(rule.operator)}${right}`;
    }
    default:
      return kind;
  }
}

/** The values that the rule read: `tags were a, b`. */
function seen(rule: Facts): string | null {
  const kind = text(rule.kind);
  if (typeof rule.reason === 'string') return rule.reason;
  if (kind === 'COMPARE') {
    return [rule.left, rule.right]
      .filter(isFacts)
      // A literal value is not repeated.
      .filter(({ source, value }) => quote(source) !== quote(value))
      .map(({ source, value }) => t`${quote(source)} was ${quote(value)}`)
      .join(', ');
  }
  if (!('operand' in rule)) return null;
  return readText(kind, rule, quote(rule.operand));
}

export interface Sentence {
  words: string;
  /** The nesting level in groups of rules. */
  depth: number;
  verdict: boolean | null;
}

function ruleSentences(rule: Facts, depth = 0): Sentence[] {
  const verdict = typeof rule.verdict === 'boolean' ? rule.verdict : null;
  const group = factsIn(rule.conditions);
  if (group.length > 0) {
    const kind = rule.kind === 'ALL' ? t`ALL of these` : t`ANY of these`;
    return [
      { words: `${verdictText(kind, rule.verdict)}:`, depth, verdict },
      ...group.flatMap((inner) => ruleSentences(inner, depth + 1)),
    ];
  }
  const looked = seen(rule);
  // The reason of a rule without a verdict says that it was not evaluated.
  if (verdict === null && looked) return [{ words: `${ruleName(rule)} ${looked}`, depth, verdict }];
  const words = verdictText(ruleName(rule), rule.verdict);
  return [{ words: looked === null || looked === '' ? words : `${words}: ${looked}`, depth, verdict }];
}

function switchSentences(rules: Facts[], matched: unknown): Sentence[] {
  const tried = rules.map((rule) => {
    const operator = text(rule.operator);
    const value = 'value' in rule ? ` ${quote(rule.value)}` : '';
    const verdict = rule.verdict === true;
    const looked =
      typeof rule.missing === 'string' ? rule.missing : t`${text(rule.field)} was ${quote(rule.operand)}`;
    const name = `${text(rule.field)} ${operator}${value}`;
    return {
      words: `${text(rule.label)}: ${verdictText(name, verdict)}: ${looked}`,
      depth: 0,
      verdict,
    };
  });
  return matched === null
    ? [...tried, { words: t`No rule matched; took the fallback branch`, depth: 0, verdict: null }]
    : tried;
}

function waitSentence(evidence: Facts): string {
  const until = typeof evidence.until === 'string' ? formatExact(evidence.until) : text(evidence.until);
  const zone = text(evidence.timeZone);
  if ('delayMinutes' in evidence && typeof evidence.delayMinutes === 'number') {
    return t`Waits ${formatDuration(evidence.delayMinutes * 60_000)}, until ${until}`;
  }
  if ('timeOfDay' in evidence) {
    const time = text(evidence.timeOfDay);
    return evidence.timeZoneFrom === 'CONTACT'
      ? t`Waits until ${time} in ${zone} (the contact's time zone), which is ${until}`
      : t`Waits until ${time} in ${zone}, which is ${until}`;
  }
  return t`${text(evidence.field)} was ${quote(evidence.value)}, which in ${zone} is ${until}`;
}

function waitText(evidence: Facts): string {
  const words = waitSentence(evidence);
  return evidence.passed === true ? t`${words}. This time was already in the past.` : words;
}

/** The sentences in the order of the decisions; empty if there are none for the node's type. */
export function evidenceSentences({ evidence }: Pick<Step, 'evidence'>): Sentence[] {
  if (evidence === null) return [];
  const sentences: Sentence[] = [];
  if (isFacts(evidence.rule)) sentences.push(...ruleSentences(evidence.rule));
  if (Array.isArray(evidence.rules)) {
    sentences.push(...switchSentences(factsIn(evidence.rules), evidence.matched ?? null));
  }
  if ('until' in evidence) sentences.push({ words: waitText(evidence), depth: 0, verdict: null });
  if (typeof evidence.gaveUp === 'string') {
    sentences.push({ words: t`No further tries: ${evidence.gaveUp}`, depth: 0, verdict: null });
  }
  if (typeof evidence.mode === 'string') {
    const words =
      evidence.mode === 'REPLACE' ? t`Replaced all variables` : t`Kept the variables that this node does not set`;
    sentences.push({ words, depth: 0, verdict: null });
  }
  const notTaken = evidence.branchesNotTaken;
  if (Array.isArray(notTaken) && notTaken.length > 0) {
    sentences.push({ words: t`Branches not taken: ${quote(notTaken)}`, depth: 0, verdict: null });
  }
  return sentences;
}

/** One call of a service, from the evidence. */
export interface CallTry {
  at: string;
  durationMs: number | null;
  status: number | null;
  /** The kind of an error without an answer. */
  kind: string | null;
  /** `Answered 503`, `Timed out`. */
  outcome: string;
  /** Seconds until the next try. */
  waitSeconds: number | null;
}

function numberIn(facts: Facts, name: string): number | null {
  const value = facts[name];
  return typeof value === 'number' ? value : null;
}

export function callTries({ evidence }: Pick<Step, 'evidence'>): CallTry[] {
  return factsIn(evidence?.tries).map((facts) => {
    const status = numberIn(facts, 'status');
    const failure = isFacts(facts.error) ? facts.error : {};
    const error = failure.message ?? failure.kind ?? null;
    const outcome = status === null ? quote(error ?? t`No answer`) : t`Answered ${status}`;
    return {
      at: text(facts.at),
      durationMs: numberIn(facts, 'durationMs'),
      status,
      kind: typeof failure.kind === 'string' ? failure.kind : null,
      outcome: facts.sent === false ? t`${outcome}, nothing was sent` : outcome,
      waitSeconds: numberIn(facts, 'waitSeconds'),
    };
  });
}

/** Why messages of a step were not sent, by the delivery's id. */
export function deliveryReasons({ evidence }: Pick<Step, 'evidence'>): Map<string, string> {
  return new Map(
    factsIn(evidence?.attempts).flatMap(({ deliveryId, reason }): [string, string][] =>
      typeof deliveryId === 'string' && typeof reason === 'string' ? [[deliveryId, reason]] : [],
    ),
  );
}
