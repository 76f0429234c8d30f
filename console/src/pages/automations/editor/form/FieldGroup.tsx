import type { ReactNode } from 'react';
import classes from '../Editor.module.css';
import { fieldId } from '../elementIds';
import { type Path, pathText } from '../schema';
import { useForm } from './FormContext';

interface GroupProps {
  path: Path;
  label: string;
  description?: ReactNode;
  children: ReactNode;
}

/** Several fields under one label, with a problem of all of them together. */
export function FieldGroup({ path, label, description, children }: GroupProps) {
  const { nodeId, problemAt } = useForm();
  const error = problemAt(path);
  return (
    <fieldset id={fieldId(nodeId, pathText(path))} className={classes.group} tabIndex={-1}>
      <legend>{label}</legend>
      {description !== undefined && <p className={classes.hint}>{description}</p>}
      {error !== undefined && <p className={classes.error}>{error}</p>}
      {children}
    </fieldset>
  );
}
