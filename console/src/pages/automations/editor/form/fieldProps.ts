import type { Path, Schema } from '../schema';

/** What each field of a form is given. */
export interface FieldProps {
  schema: Schema;
  path: Path;
  label: string;
  value: unknown;
  isRequired: boolean;
}
