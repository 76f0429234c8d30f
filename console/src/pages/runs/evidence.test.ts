import { describe, expect, it } from 'vitest';
import { formatExact } from '../../shared/ui/format';
import { callTries, evidenceSentences } from './evidence';

function words(evidence: Record<string, unknown>): string[] {
  return evidenceSentences({ evidence }).map(({ words: said, depth }) => '  '.repeat(depth) + said);
}

describe('evidence as sentences', () => {
  it.each([
    [
      { kind: 'HAS_TAG', tag: 'vip', operand: ['a', 'b'], verdict: false },
      'HAS_TAG vip was false: tags were a, b',
    ],
    [
      { kind: 'HAS_TAG', tag: 'vip', operand: [], verdict: false },
      'HAS_TAG vip was false: tags were none',
    ],
    [
      { kind: 'HAS_EMAIL', operand: 'ada@example.com', verdict: true },
      'HAS_EMAIL was true: the e-mail address was ada@example.com',
    ],
    [
      { kind: 'HAS_EXTERNAL_ID', name: 'stripe', operand: 'cus_7', verdict: true },
      'HAS_EXTERNAL_ID stripe was true: the external id stripe was cus_7',
    ],
    [
      { kind: 'EXTERNAL_ID_EQUALS', name: 'shop', value: '7', operand: null, verdict: false },
      'EXTERNAL_ID_EQUALS shop = 7 was false: the external id shop was nothing',
    ],
    [
      { kind: 'METADATA_EQUALS', key: 'plan', value: 'pro', operand: null, verdict: false },
      'METADATA_EQUALS plan = pro was false: metadata plan was nothing',
    ],
    [
      {
        kind: 'COMPARE',
        left: { source: '{{trigger.total}}', value: 40 },
        operator: 'GREATER_THAN',
        right: { source: 100, value: 100 },
        verdict: false,
      },
      '{{trigger.total}} GREATER_THAN 100 was false: {{trigger.total}} was 40',
    ],
    [
      { kind: 'HAS_PHONE', verdict: false, reason: 'the run has no contact' },
      'HAS_PHONE was false: the run has no contact',
    ],
  ])('%j', (rule, said) => {
    expect(words({ rule, verdict: rule.verdict, branchesNotTaken: ['x'] })).toEqual([
      said,
      'Branches not taken: x',
    ]);
  });

  it('groups show which of their rules decided', () => {
    const rule = {
      kind: 'ANY',
      verdict: true,
      conditions: [
        { kind: 'HAS_EMAIL', operand: 'a@b.c', verdict: true },
        { kind: 'HAS_TAG', verdict: null, reason: 'not evaluated: an earlier rule decided the result' },
      ],
    };
    expect(words({ rule })).toEqual([
      'ANY of these was true:',
      '  HAS_EMAIL was true: the e-mail address was a@b.c',
        '  HAS_TAG not evaluated: an earlier rule decided the result',
    ]);
  });

  it('a switch shows every rule that it tried, and that none matched', () => {
    const rules = [
      { label: 'pro', field: 'trigger.plan', operator: 'EQUALS', value: 'pro', operand: 'free', verdict: false },
    ];
    expect(words({ rules, matched: null, branchesNotTaken: ['pro'] })).toEqual([
      'pro: trigger.plan EQUALS pro was false: trigger.plan was free',
      'No rule matched; took the fallback branch',
      'Branches not taken: pro',
    ]);
  });

  it('a wait shows its end and the reason', () => {
    const until = '2026-03-02T10:00:00Z';
    expect(words({ delayMinutes: 1440, until, passed: false })).toEqual([
      `Waits 1 d 0 h, until ${formatExact(until)}`,
    ]);
    expect(words({ timeOfDay: '09:00', timeZone: 'Europe/Berlin', until, passed: false })).toEqual([
      `Waits until 09:00 in Europe/Berlin, which is ${formatExact(until)}`,
    ]);
  });

  it('has no sentences for unknown evidence', () => {
    expect(evidenceSentences({ evidence: null })).toEqual([]);
    expect(words({ attempts: [{ channel: 'EMAIL' }] })).toEqual([]);
  });
});

it('tries of a call', () => {
  const tries = [
    { at: '2026-03-01T10:00:00Z', durationMs: 12, status: 503, waitSeconds: 2 },
    { at: '2026-03-01T10:00:02Z', durationMs: 5, error: { kind: 'DNS', message: 'No such host' }, sent: false },
  ];
  expect(callTries({ evidence: { tries } })).toEqual([
    {
      at: '2026-03-01T10:00:00Z',
      durationMs: 12,
      status: 503,
      kind: null,
      outcome: 'Answered 503',
      waitSeconds: 2,
    },
    {
      at: '2026-03-01T10:00:02Z',
      durationMs: 5,
      status: null,
      kind: 'DNS',
      outcome: 'No such host, nothing was sent',
      waitSeconds: null,
    },
  ]);
});
