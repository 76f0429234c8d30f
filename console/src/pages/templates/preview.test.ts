import { describe, expect, it } from 'vitest';
import { ApiError } from '../../shared/api/problem';
import type { Preview } from '../../shared/api/types';
import { contactProblem, documentOf, missingValues, previewRequest, refusedField } from './preview';

const DRAFT = { name: 'Receipt', channel: 'EMAIL', subject: 'Hello', body: 'Hi', html: '' };
const NOTHING = { contact: null, trigger: '', steps: '', vars: '' };

function refusal(field: string): ApiError {
  return new ApiError(422, 'Invalid input', null, null, [{ field, message: 'no such variable' }]);
}

describe('the preview request', () => {
  it('has the draft and the contact as it was pasted', () => {
    expect(previewRequest(DRAFT, { ...NOTHING, contact: 'con_1' })?.contactId).toBe('con_1');
    expect(previewRequest(DRAFT, { ...NOTHING, contact: 'a@b.example' })?.email).toBe('a@b.example');
    expect(previewRequest(DRAFT, { ...NOTHING, contact: '+49 151' })?.phone).toBe('+49 151');
    expect(previewRequest(DRAFT, { ...NOTHING, trigger: '{"total": 5}' })).toEqual({
      template: { ...DRAFT, html: null },
      payload: { total: 5 },
      steps: {},
      vars: {},
    });
  });

  it('is null without a text or valid JSON', () => {
    expect(previewRequest({ ...DRAFT, body: ' ' }, NOTHING)).toBeNull();
    expect(previewRequest(DRAFT, { ...NOTHING, steps: '{' })).toBeNull();
    expect(previewRequest({ ...DRAFT, name: '' }, NOTHING)?.template.name).toBe('Draft');
  });

  it('has a subject and HTML only for e-mail', () => {
    const mail = { ...DRAFT, body: '', html: '<p>Hi</p>' };
    expect(documentOf(mail)).toMatchObject({ subject: 'Hello', body: null, html: '<p>Hi</p>' });
    expect(documentOf({ ...mail, channel: 'SMS' })).toMatchObject({ subject: null, html: null });
    expect(previewRequest(mail, NOTHING)?.template.html).toBe('<p>Hi</p>');
  });
});

describe('a problem of a template', () => {
  const preview: Preview = {
    channel: 'EMAIL',
    address: null,
    subject: 'Hello',
    body: null,
    html: null,
    warnings: [],
    problems: [{ field: 'body', message: '`trigger.total` has no value', variable: 'trigger.total' }],
    gates: [],
  };

  it('is shown at its field, both after a refused save and a failed preview', () => {
    expect(missingValues('body', preview)).toBe('`trigger.total` has no value');
    expect(missingValues('subject', preview)).toBeNull();
    expect(refusedField('body', refusal('body'))).toBe('No such variable');
    expect(refusedField('subject', refusal('template.subject'))).toBe('No such variable');
    expect(refusedField('body', refusal('email'))).toBeNull();
    expect(contactProblem(refusal('email'))).toBe('No such variable');
  });
});
