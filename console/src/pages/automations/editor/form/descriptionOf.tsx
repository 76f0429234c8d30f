import type { ReactNode } from 'react';
import { CodeText } from '../../../../shared/ui/CodeText';
import type { Schema } from '../schema';

/** What a schema says of its value, for the field's description. */
export function descriptionOf({ description }: Schema): ReactNode {
  return typeof description === 'string' ? <CodeText text={description} /> : undefined;
}
