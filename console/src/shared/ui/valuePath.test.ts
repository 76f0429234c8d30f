import { expect, it } from 'vitest';
import { parsePath, valueBySteps, writtenPath } from './valuePath';

it.each([
  [['customer', 'email'], 'customer.email'],
  [['answers', 0, 'email'], 'answers[0].email'],
  [['event-data', 'event'], 'event-data.event'],
  [['Email Address'], '"Email Address"'],
  [['a.b', 'x"y'], '"a.b"."x\\"y"'],
  [[0, 'id'], '[0].id'],
  [['1st'], '"1st"'],
  [[], '$'],
])('%j is written as %s, which is read back', (steps, text) => {
  expect(writtenPath(steps)).toBe(text);
  expect(parsePath(text)).toEqual(steps);
});

it.each([
  ['$.customer.email', ['customer', 'email']],
  ['$[0].subscriptionType', [0, 'subscriptionType']],
  ['customer["Email Address"]', ['customer', 'Email Address']],
  ["'it\\'s'.x", ["it's", 'x']],
  ['answers.0.email', ['answers', '0', 'email']],
])('%s is read', (text, steps) => {
  expect(parsePath(text)).toEqual(steps);
});

it.each(['', ' ', 'a..b', '{{trigger.x}}', 'a[x'])('“%s” is no path', (text) => {
  expect(parsePath(text)).toBeNull();
});

it('a path leads to a value, or to nothing', () => {
  const event = { answers: [{ email: 'ada@example.com' }] };
  expect(valueBySteps(event, ['answers', 0, 'email'])).toBe('ada@example.com');
  expect(valueBySteps(event, ['answers', '0', 'email'])).toBe('ada@example.com');
  expect(valueBySteps(event, ['answers', 1, 'email'])).toBeUndefined();
  expect(valueBySteps(event, ['toString'])).toBeUndefined();
});
