/** Builds the preview request from the typed values. */

import type { NamedContact, Preview, TemplateDocument } from '../../shared/api/types';
import { namedContact } from '../../shared/subjects/contacts';
import { fieldError, parseObject } from '../../shared/ui/forms';

/** A template in the form: every field has a text. */
export interface Draft {
  name: string;
  channel: string;
  subject: string;
  body: string;
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

export interface PreviewRequest extends NamedContact {
  template: TemplateDocument;
  payload: unknown;
  steps: Record<string, unknown>;
  vars: Record<string, unknown>;
}

/** Only e-mail has a subject; for other channels the field is not sent. */
export function documentOf({ name, channel, subject, body }: Draft): TemplateDocument {
  return { name, channel, body, subject: channel === 'EMAIL' && subject !== '' ? subject : null };
}

/** Why a field is not a JSON object; null if it is. */
export function jsonProblem(text: string): string | null {
  const parsed = parseObject(text);
  return 'problem' in parsed ? parsed.problem : null;
}

/** Null if there is nothing to render yet. */
export function previewRequest(draft: Draft, previewInput: PreviewInput): PreviewRequest | null {
  const [payload, steps, vars] = [
    previewInput.trigger,
    previewInput.steps,
    previewInput.vars,
  ].map(parseObject);
  if (!payload || !steps || !vars) return null;
  if (!('value' in payload) || !('value' in steps) || !('value' in vars)) return null;
  if (draft.body.trim() === '') return null;
  return {
    // A draft can be previewed before it has a name.
    template: { ...documentOf(draft), name: draft.name.trim() === '' ? 'Draft' : draft.name },
    ...(previewInput.contact === null ? {} : namedContact(previewInput.contact)),
    payload: payload.value,
    steps: steps.value,
    vars: vars.value,
  };
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
