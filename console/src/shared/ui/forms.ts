/** What the API says is wrong with a document, brought to the fields of its form. */

import { type RefObject, useEffect } from 'react';
import { ApiError, type FieldProblem } from '../api/problem';
import { capitalize } from './format';

/** Pydantic says of which kind an error is; a person needs what it says. */
function words({ message }: FieldProblem): string {
  return capitalize(message.replace(/^(Value|Assertion) error, /, ''));
}

function belongsTo(field: string, { field: path }: FieldProblem): boolean {
  return path === field || (path?.startsWith(`${field}.`) ?? false);
}

function problemsOf(error: unknown): readonly FieldProblem[] {
  return error instanceof ApiError ? error.problems : [];
}

/** What is wrong with a field, or with a value inside of it; null where nothing is. */
export function fieldError(error: unknown, field: string): string | null {
  const found = problemsOf(error).filter((problem) => belongsTo(field, problem));
  return found.length === 0 ? null : found.map(words).join(' ');
}

/** The error, unless these fields show all of it. */
export function formError(error: Error | null, fields: readonly string[]): Error | null {
  const problems = problemsOf(error);
  const isTold = problems.every((one) => fields.some((field) => belongsTo(field, one)));
  return problems.length > 0 && isTold ? null : error;
}

/** After a refusal, the first field that has to be mended is where the keyboard is. */
export function useFocusOnError(form: RefObject<HTMLFormElement | null>, error: unknown): void {
  useEffect(() => {
    if (error === null) return;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [form, error]);
}

/** JSON that was typed: its value, or why there is none. */
export function parseObject(
  text: string,
): { value: Record<string, unknown> } | { problem: string } {
  if (text.trim() === '') return { value: {} };
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { value: value as Record<string, unknown> }
      : { problem: 'This must be a JSON object: { … }.' };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: `This is not JSON: ${error.message}.` };
    throw error;
  }
}
