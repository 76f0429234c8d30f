/** Describes a segment's rules, and converts them between form and API. */

import { t } from '@lingui/core/macro';
import type { ConsentChannel, SegmentRule } from '../../shared/api/types';
import { formatWord } from '../../shared/ui/format';

export const KINDS = [
  'HAS_TAG',
  'LACKS_TAG',
  'HAS_EXTERNAL_ID',
  'LACKS_EXTERNAL_ID',
  'CONSENT',
  'METADATA',
] as const;
export type Kind = (typeof KINDS)[number];

export const OPERATORS = [
  'EQUALS',
  'NOT_EQUALS',
  'GREATER_THAN',
  'GREATER_OR_EQUAL',
  'LESS_THAN',
  'LESS_OR_EQUAL',
  'CONTAINS',
  'NOT_CONTAINS',
  'STARTS_WITH',
  'ENDS_WITH',
  'IS_EMPTY',
  'IS_NOT_EMPTY',
] as const;
export type Operator = (typeof OPERATORS)[number];

export const CONSENT_CHANNELS = ['EMAIL', 'SMS', 'WHATSAPP'] as const satisfies ConsentChannel[];

/** A rule in the form: it has the fields of every kind, so that changing the kind loses nothing. */
export interface DraftRule {
  /** The key of the form row; rules have none. */
  key: string;
  kind: Kind;
  tag: string;
  /** The name of an external id. */
  name: string;
  consent: 'MARKETING' | 'TRANSACTIONAL';
  given: boolean;
  /** null: the consent for all channels. */
  channel: ConsentChannel | null;
  path: string;
  operator: Operator;
  value: string;
}

export function newRule(key: string): DraftRule {
  return {
    key,
    kind: 'HAS_TAG',
    tag: '',
    name: '',
    consent: 'MARKETING',
    given: true,
    channel: null,
    path: '',
    operator: 'EQUALS',
    value: '',
  };
}

/** Whether the operator compares with a value. */
export function takesValue(operator: Operator): boolean {
  return operator !== 'IS_EMPTY' && operator !== 'IS_NOT_EMPTY';
}

/** Reads `10` as a number and `true` as a boolean; other values are text. */
function typed(value: string): string | number | boolean {
  const trimmed = value.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(trimmed) ? Number(trimmed) : value;
}

export function toWire(rule: DraftRule): SegmentRule {
  switch (rule.kind) {
    case 'CONSENT':
      return {
        kind: 'CONSENT',
        consent: rule.consent,
        given: rule.given,
        ...(rule.channel !== null && { channel: rule.channel }),
      };
    case 'METADATA': {
      const value = takesValue(rule.operator) ? typed(rule.value) : null;
      return { kind: 'METADATA', key: rule.path.trim(), operator: rule.operator, value };
    }
    case 'HAS_EXTERNAL_ID':
    case 'LACKS_EXTERNAL_ID':
      return { kind: rule.kind, name: rule.name.trim() };
    default:
      return { kind: rule.kind, tag: rule.tag.trim() };
  }
}

export function fromWire(rule: SegmentRule, key: string): DraftRule {
  const draft = { ...newRule(key), kind: rule.kind };
  switch (rule.kind) {
    case 'CONSENT':
      return {
        ...draft,
        consent: rule.consent,
        given: rule.given,
        channel: rule.channel ?? null,
      };
    case 'METADATA':
      return {
        ...draft,
        path: rule.key,
        operator: rule.operator,
        value: rule.value === null || rule.value === undefined ? '' : String(rule.value),
      };
    case 'HAS_EXTERNAL_ID':
    case 'LACKS_EXTERNAL_ID':
      return { ...draft, name: rule.name };
    default:
      return { ...draft, tag: rule.tag };
  }
}

function consentText({
  consent,
  given,
  channel,
}: Extract<SegmentRule, { kind: 'CONSENT' }>): string {
  const isMarketing = consent === 'MARKETING';
  if (channel === null || channel === undefined) {
    if (isMarketing) return given ? t`gave marketing consent` : t`did not give marketing consent`;
    return given ? t`gave transactional consent` : t`did not give transactional consent`;
  }
  const where = formatWord(channel);
  if (isMarketing) {
    return given ? t`gave marketing consent for ${where}` : t`did not give marketing consent for ${where}`;
  }
  return given
    ? t`gave transactional consent for ${where}`
    : t`did not give transactional consent for ${where}`;
}

export function ruleText(rule: SegmentRule): string {
  switch (rule.kind) {
    case 'HAS_TAG':
      return t`has the tag ${rule.tag}`;
    case 'LACKS_TAG':
      return t`does not have the tag ${rule.tag}`;
    case 'HAS_EXTERNAL_ID':
      return t`has the external id ${rule.name}`;
    case 'LACKS_EXTERNAL_ID':
      return t`does not have the external id ${rule.name}`;
    case 'CONSENT':
      return consentText(rule);
    case 'METADATA': {
      const words = `${rule.key} ${formatWord(rule.operator).toLowerCase()}`;
      return takesValue(rule.operator) ? `${words} ${String(rule.value)}` : words;
    }
  }
}
