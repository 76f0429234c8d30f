/** Maps the problems that the API reports to the fields of a form. */

import { t } from '@lingui/core/macro';
import { type RefObject, useEffect } from 'react';
import { ApiError, type FieldProblem } from '../api/problem';
import { capitalize } from './format';

/** Pydantic puts the kind of an error first; people only need the message. */
function words({ message }: FieldProblem): string {
  return capitalize(message.replace(/^(Value|Assertion) error, /, ''));
}

function belongsTo(field: string, { field: path }: FieldProblem): boolean {
  return path === field || (path?.startsWith(`${field}.`) ?? false);
}

function problemsOf(error: unknown): readonly FieldProblem[] {
  return error instanceof ApiError ? error.problems : [];
}

/** The problem of a field, or of a value inside it; null if it has none. */
export function fieldError(error: unknown, field: string): string | null {
  const found = problemsOf(error).filter((problem) => belongsTo(field, problem));
  return found.length === 0 ? null : found.map(words).join(' ');
}

/** The error, or null if these fields show all of it. */
export function formError(error: Error | null, fields: readonly string[]): Error | null {
  const problems = problemsOf(error);
  const isTold = problems.every((one) => fields.some((field) => belongsTo(field, one)));
  return problems.length > 0 && isTold ? null : error;
}

/** After an error, focuses the first invalid field. */
export function useFocusOnError(form: RefObject<HTMLFormElement | null>, error: unknown): void {
  useEffect(() => {
    if (error === null) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [form, error]);
}

/** Typed JSON: its value, or why it is invalid. */
export function parseObject(
  text: string,
): { value: Record<string, unknown> } | { problem: string } {
  if (text.trim() === '') return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { value: value as Record<string, unknown> }
      : { problem: t`Enter a JSON object: ${'{'} … ${'}'}.` };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: t`Invalid JSON: ${error.message}.` };
    throw error;
  }
}
