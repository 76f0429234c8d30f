/** Builds the preview request from the typed values. */

import { t } from '@lingui/core/macro';
import type { NamedContact, Preview, TemplateDocument } from '../../shared/api/types';
import { namedContact } from '../../shared/subjects/contacts';
import { fieldError, parseObject } from '../../shared/ui/forms';

/** A template in the form: every field has a text. */
export interface Draft {
  name: string;
  channel: string;
  subject: string;
  body: string;
  html: string;
}

/** The values that the draft is rendered with. The last three are JSON, as typed. */
export interface PreviewInput {
  /** A contact's id, e-mail address, phone number or external id, as pasted. */
  contact: string | null;
  trigger: string;
  steps: string;
  vars: string;
}

export type JsonField = 'trigger' | 'steps' | 'vars';

/** The values that a template is rendered with. */
export interface TestRequest extends NamedContact {
  payload: unknown;
  steps: Record<string, unknown>;
  vars: Record<string, unknown>;
}

export interface PreviewRequest extends TestRequest {
  template: TemplateDocument;
}

function ifAny(text: string): string | null {
  return text === '' ? null : text;
}

/** Only e-mail has a subject and HTML; for other channels the fields are not sent. */
export function documentOf({ name, channel, subject, body, html }: Draft): TemplateDocument {
  const isEmail = channel === 'EMAIL';
  return {
    name,
    channel,
    subject: isEmail ? ifAny(subject) : null,
    body: ifAny(body),
    html: isEmail ? ifAny(html) : null,
  };
}

/** Why a field is not a JSON object; null if it is. */
export function jsonProblem(text: string): string | null {
  const parsed = parseObject(text);
  return 'problem' in parsed ? parsed.problem : null;
}

/** The typed values; null if they cannot be read. */
export function testRequest(previewInput: PreviewInput): TestRequest | null {
  const [payload, steps, vars] = [
    previewInput.trigger,
    previewInput.steps,
    previewInput.vars,
  ].map(parseObject);
  if (!payload || !steps || !vars) return null;
  if (!('value' in payload) || !('value' in steps) || !('value' in vars)) return null;
  return {
    ...(previewInput.contact === null ? {} : namedContact(previewInput.contact)),
    payload: payload.value,
    steps: steps.value,
    vars: vars.value,
  };
}

/** Null if there is nothing to render yet. */
export function previewRequest(draft: Draft, previewInput: PreviewInput): PreviewRequest | null {
  const values = testRequest(previewInput);
  const document = documentOf(draft);
  if (values === null || `${document.body ?? ''}${document.html ?? ''}`.trim() === '') return null;
  // A draft can be previewed before it has a name.
  const name = draft.name.trim() === '' ? t`Draft` : draft.name;
  return { template: { ...document, name }, ...values };
}

/** The problem of a template's field; null if it has none. */
export function refusedField(field: keyof Draft, error: unknown): string | null {
  return fieldError(error, field) ?? fieldError(error, `template.${field}`);
}

/** The value that a field lacks in this preview; the template itself is valid. */
export function missingValues(field: keyof Draft, preview: Preview | undefined): string | null {
  const found = preview?.problems.filter((problem) => problem.field === field) ?? [];
  return found.length === 0 ? null : found.map(({ message }) => message).join(' · ');
}

/** The problem of the preview's contact. */
export function contactProblem(error: unknown): string | null {
  const fields = ['contactId', 'email', 'phone', 'externalId'];
  return fields.map((field) => fieldError(error, field)).find((problem) => problem !== null) ?? null;
}
