import type { Path, Schema } from '../schema';

/** The properties of every form field. */
export interface FieldProps {
  schema: Schema;
  path: Path;
  label: string;
  value: unknown;
  isRequired: boolean;
}
