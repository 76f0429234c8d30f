import type { ReactNode } from 'react';
import { CodeText } from '../../../../shared/ui/CodeText';
import type { Schema } from '../schema';

/** The schema's description, shown below the field. */
export function descriptionOf({ description }: Schema): ReactNode {
  return typeof description === 'string' ? <CodeText text={description} /> : undefined;
}
