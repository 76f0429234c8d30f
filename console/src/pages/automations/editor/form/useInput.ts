import { fieldId } from '../elementIds';
import { pathText } from '../schema';
import { descriptionOf } from './descriptionOf';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';

/** The Mantine properties of this field. */
export function useInput({ schema, path, label, isRequired }: FieldProps) {
  const { nodeId, problemAt } = useForm();
  return {
    id: fieldId(nodeId, pathText(path)),
    label,
    description: descriptionOf(schema),
    error: problemAt(path),
    withAsterisk: isRequired,
  };
}
