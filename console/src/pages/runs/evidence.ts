/** Sentences about what a step read and decided: `HAS_TAG vip was false: tags were a, b`. */

import type { Step } from '../../shared/api/types';
import { formatDuration } from '../../shared/ui/format';

type Facts = Record<string, unknown>;

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function factsIn(value: unknown): Facts[] {
  return Array.isArray(value) ? value.filter(isFacts) : [];
}

/** A value as it is quoted in a sentence. */
function quote(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : value;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(quote).join(', ');
  return JSON.stringify(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : quote(value);
}

function verdictWord(verdict: unknown): string {
  if (verdict === null || verdict === undefined) return 'was not evaluated';
  return verdict === true ? 'was true' : 'was false';
}

const SUBJECTS: Record<string, string> = {
  HAS_TAG: 'tags were',
  HAS_EMAIL: 'the e-mail address was',
  HAS_PHONE: 'the phone number was',
};

function subjectOf(kind: string, rule: Facts): string {
  switch (kind) {
    case 'HAS_EXTERNAL_ID':
    case 'EXTERNAL_ID_EQUALS':
      return `the external id ${text(rule.name)} was`;
    case 'METADATA_EQUALS':
      return `metadata ${text(rule.key)} was`;
    default:
      return SUBJECTS[kind] ?? `${text(rule.field)} was`;
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
      .map(({ source, value }) => `${quote(source)} was ${quote(value)}`)
      .join(', ');
  }
  if (!('operand' in rule)) return null;
  return `${subjectOf(kind, rule)} ${quote(rule.operand)}`;
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
    const kind = rule.kind === 'ALL' ? 'ALL of these' : 'ANY of these';
    return [
      { words: `${kind} ${verdictWord(rule.verdict)}:`, depth, verdict },
      ...group.flatMap((inner) => ruleSentences(inner, depth + 1)),
    ];
  }
  const looked = seen(rule);
  // The reason of a rule without a verdict says that it was not evaluated.
  if (verdict === null && looked) return [{ words: `${ruleName(rule)} ${looked}`, depth, verdict }];
  const words = `${ruleName(rule)} ${verdictWord(rule.verdict)}`;
  return [{ words: looked === null || looked === '' ? words : `${words}: ${looked}`, depth, verdict }];
}

function switchSentences(rules: Facts[], matched: unknown): Sentence[] {
  const tried = rules.map((rule) => {
    const operator = text(rule.operator);
    const value = 'value' in rule ? ` ${quote(rule.value)}` : '';
    const verdict = rule.verdict === true;
    const looked =
      typeof rule.missing === 'string' ? rule.missing : `${text(rule.field)} was ${quote(rule.operand)}`;
    return {
      words: `${text(rule.label)}: ${text(rule.field)} ${operator}${value} ${verdictWord(verdict)}: ${looked}`,
      depth: 0,
      verdict,
    };
  });
  return matched === null
    ? [...tried, { words: 'No rule matched; took the fallback branch', depth: 0, verdict: null }]
    : tried;
}

function waitSentence(evidence: Facts): string {
  const until = text(evidence.until);
  const passed = evidence.passed === true ? ', which was already in the past' : '';
  if ('delayMinutes' in evidence && typeof evidence.delayMinutes === 'number') {
    return `Waits ${formatDuration(evidence.delayMinutes * 60_000)}, until ${until}${passed}`;
  }
  if ('timeOfDay' in evidence) {
    const whose = evidence.timeZoneFrom === 'CONTACT' ? ", the contact's time zone" : '';
    return `Waits for ${text(evidence.timeOfDay)} in ${text(evidence.timeZone)}${whose}, which is ${until}${passed}`;
  }
  return `${text(evidence.field)} was ${quote(evidence.value)}, which in ${text(evidence.timeZone)} is ${until}${passed}`;
}

/** The sentences in the order of the decisions; empty if there are none for the node's type. */
export function evidenceSentences({ evidence }: Pick<Step, 'evidence'>): Sentence[] {
  if (evidence === null) return [];
  const sentences: Sentence[] = [];
  if (isFacts(evidence.rule)) sentences.push(...ruleSentences(evidence.rule));
  if (Array.isArray(evidence.rules)) {
    sentences.push(...switchSentences(factsIn(evidence.rules), evidence.matched ?? null));
  }
  if ('until' in evidence) sentences.push({ words: waitSentence(evidence), depth: 0, verdict: null });
  if (typeof evidence.gaveUp === 'string') {
    sentences.push({ words: `No further tries: ${evidence.gaveUp}`, depth: 0, verdict: null });
  }
  if (typeof evidence.mode === 'string') {
    const words =
      evidence.mode === 'REPLACE' ? 'Replaced all variables' : 'Kept the other variables';
    sentences.push({ words, depth: 0, verdict: null });
  }
  const notTaken = evidence.branchesNotTaken;
  if (Array.isArray(notTaken) && notTaken.length > 0) {
    sentences.push({ words: `Branches not taken: ${quote(notTaken)}`, depth: 0, verdict: null });
  }
  return sentences;
}

/** One call of a service, from the evidence. */
export interface CallTry {
  at: string;
  durationMs: number | null;
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
    const error = isFacts(facts.error) ? (facts.error.message ?? facts.error.kind) : null;
    const sent = facts.sent === false ? ', nothing was sent' : '';
    return {
      at: text(facts.at),
      durationMs: numberIn(facts, 'durationMs'),
      outcome: `${status === null ? quote(error ?? 'No answer') : `Answered ${status}`}${sent}`,
      waitSeconds: numberIn(facts, 'waitSeconds'),
    };
  });
}
