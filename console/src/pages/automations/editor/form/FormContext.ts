import { createContext, use } from 'react';
import type { Path, Schema } from '../schema';

export interface Form {
  nodeId: string;
  root: Schema;
  /** The whole config. */
  config: Record<string, unknown>;
  /** The problem at exactly this path; undefined if there is none. */
  problemAt: (path: Path) => string | undefined;
  /** Undefined takes the value away. */
  set: (path: Path, value: unknown) => void;
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = use(FormContext);
  if (!form) throw new Error('The field is outside a form.');
  return form;
}
