import { useMemo } from 'react';
import classes from '../Editor.module.css';
import { pathText, type Schema, withValue } from '../schema';
import { FormContext, type Form } from './FormContext';
import { Fields } from './SchemaField';

interface Props {
  nodeId: string;
  schema: Schema;
  config: Record<string, unknown>;
  /** By their path in the config. */
  problems: ReadonlyMap<string, string>;
  onChange: (config: Record<string, unknown>, field: string) => void;
}

/** A node's settings as a form made from its JSON Schema. */
export function ConfigForm({ nodeId, schema, config, problems, onChange }: Props) {
  const form = useMemo<Form>(
    () => ({
      nodeId,
      root: schema,
      config,
      problemAt: (path) => problems.get(pathText(path)),
      set: (path, value) => {
        onChange(withValue(config, path, value) as Record<string, unknown>, pathText(path));
      },
    }),
    [nodeId, schema, config, problems, onChange],
  );
  return (
    <FormContext value={form}>
      <div className={classes.form}>
        <Fields schema={schema} path={[]} value={config} />
      </div>
    </FormContext>
  );
}
