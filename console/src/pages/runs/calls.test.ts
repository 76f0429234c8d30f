import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { makeStep } from '../../test/server';
import { callSentence, curlCommand, fullAddress, requestOf } from './calls';

const REQUEST = {
  method: 'POST',
  url: 'https://api.partner/score',
  headers: {},
  query: {},
  size: 2,
  body: null,
};

function recorded(changes: Record<string, unknown>) {
  const request = requestOf({ request: { ...REQUEST, ...changes } });
  if (!request) throw new Error('It is not a request.');
  return request;
}

/** The arguments that a shell gives to curl. */
function argumentsOf(command: string): string[] {
  const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }\n${command}`;
  return execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('the call in one line', () => {
  const tries = [{ at: '2026-03-01T10:00:00Z', durationMs: 95, status: 503 }];

  it.each([
    [
      'the last answer and the number of tries',
      { response: { status: 503, durationMs: 120 }, tries: 3 },
      'POST api.partner/score → 503 in 120 ms, 3 tries',
    ],
    [
      'only one try',
      { response: { status: 200, durationMs: 80 }, tries: 1 },
      'POST api.partner/score → 200 in 80 ms',
    ],
    [
      'no recorded answer, but a try',
      { evidence: { tries } },
      'POST api.partner/score → 503 in 95 ms',
    ],
    [
      'no answer in time',
      {
        evidence: {
          tries: [{ at: '2026-03-01T10:00:00Z', durationMs: 10_000, error: { kind: 'TIMEOUT' } }],
        },
      },
      'POST api.partner/score → timed out after 10.0 s',
    ],
    [
      'no connection',
      {
        tries: 2,
        evidence: {
          tries: [{ at: 'x', durationMs: 4, error: { kind: 'CONNECTION_FAILED', message: 'No host' } }],
        },
      },
      'POST api.partner/score → no answer after 4 ms, 2 tries',
    ],
  ])('%s', (_, changes, sentence) => {
    expect(callSentence(makeStep({ request: REQUEST, ...changes }))).toBe(sentence);
  });

  it('leaves out the query, and is absent without a recorded call', () => {
    const request = { ...REQUEST, method: 'GET', url: 'http://api.partner/a?key=[redacted]#x' };
    expect(callSentence(makeStep({ request }))).toBe('GET api.partner/a');
    expect(callSentence(makeStep())).toBeNull();
    expect(callSentence(makeStep({ request: { leftOut: 'It is too large.' } }))).toBeNull();
  });
});

describe('the curl command', () => {
  it.each([
    'plain',
    "it's",
    "'",
    "''; rm -rf ~; '",
    '$HOME `id` $(id) "quoted" \\ \\n !!',
    'two\nlines\ttab',
    '@file',
    '-x --next',
    'Grüße 👋',
  ])('hands a body over unchanged: %j', (body) => {
    const handed = argumentsOf(curlCommand(recorded({ body })));
    expect(handed).toEqual([
      '--globoff',
      '--request',
      'POST',
      '--data-raw',
      body,
      '--url',
      'https://api.partner/score',
    ]);
  });

  it('has every header, an empty one too, and the whole query', () => {
    const request = recorded({
      headers: { 'X-Name': "O'Brien", 'X-Empty': '', Accept: ['a', 'b'] },
      query: { q: 'a b&c', tag: ['x', 'y'] },
    });
    expect(argumentsOf(curlCommand(request))).toEqual([
      '--globoff',
      '--request',
      'POST',
      '--header',
      "X-Name: O'Brien",
      '--header',
      'X-Empty;',
      '--header',
      'Accept: a',
      '--header',
      'Accept: b',
      '--url',
      'https://api.partner/score?q=a%20b%26c&tag=x&tag=y',
    ]);
  });

  it('leaves struck secrets struck', () => {
    const request = recorded({
      headers: { Authorization: 'Bearer {{secret.SCORE_KEY}}' },
      query: { key: '{{secret.SCORE_KEY}}', token: '[redacted]' },
      body: { password: '[redacted]', deep: { key: '{{secret.SCORE_KEY}}' } },
    });
    expect(argumentsOf(curlCommand(request))).toEqual([
      '--globoff',
      '--request',
      'POST',
      '--header',
      'Authorization: Bearer {{secret.SCORE_KEY}}',
      '--data-raw',
      '{"password":"[redacted]","deep":{"key":"{{secret.SCORE_KEY}}"}}',
      '--url',
      'https://api.partner/score?key={{secret.SCORE_KEY}}&token=[redacted]',
    ]);
  });

  it('asks only for the head of an answer to a HEAD', () => {
    const command = curlCommand(recorded({ method: 'HEAD' }));
    expect(argumentsOf(command)).toEqual(['--globoff', '--head', '--url', REQUEST.url]);
  });

  it.each([
    ['https://a.b/c', 'https://a.b/c?x=1'],
    ['https://a.b/c?', 'https://a.b/c?x=1'],
    ['https://a.b/c?y=2', 'https://a.b/c?y=2&x=1'],
    ['https://a.b/c?y=2#part', 'https://a.b/c?y=2&x=1#part'],
  ])('adds parameters to %s', (url, whole) => {
    expect(fullAddress(recorded({ url, query: { x: '1' } }))).toBe(whole);
  });
});
