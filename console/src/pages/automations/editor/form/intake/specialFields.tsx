/** Fields of the part of a trigger that receives webhooks, where a plain form is not enough. */

import { t } from '@lingui/core/macro';
import { Button, NativeSelect } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { JsonTree } from '../../../../../shared/ui/JsonTree';
import { triggerBody } from '../../../events';
import { madeUp } from '../../../madeUp';
import { partOf } from '../../../pickedPart';
import { intakeOf, presetOf } from '../../../sources';
import classes from '../../Editor.module.css';
import { isObject, type Path, pathText, type Schema } from '../../schema';
import type { FieldProps } from '../fieldProps';
import { FormContext, useForm } from '../FormContext';
import { JsonField } from '../jsonFields';
import { EventPicker } from './EventPicker';

const EXTERNAL_ID = 'externalId';

interface ObjectProps {
  path: Path;
  value: unknown;
  /** Renders the fields of these names. */
  renderFields: (names: readonly string[]) => ReactNode;
}

/** How the contact is found; only an external id has a name. */
export function ContactLookupFields({ path, value, renderFields }: ObjectProps) {
  const form = useForm();
  const lookup = useMemo(() => (isObject(value) ? value : {}), [value]);
  const inner = useMemo(
    () => ({
      ...form,
      set(at: Path, next: unknown) {
        if (pathText(at) !== pathText([...path, 'by'])) {
          form.set(at, next);
          return;
        }
        const rest = { by: next, path: lookup.path };
        form.set(path, next === EXTERNAL_ID ? { ...rest, name: lookup.name ?? '' } : rest);
      },
    }),
    [form, path, lookup],
  );
  const hasName = lookup.by === EXTERNAL_ID || typeof lookup.name === 'string';
  return (
    <FormContext value={inner}>
      {renderFields(hasName ? ['by', 'name', 'path'] : ['by', 'path'])}
    </FormContext>
  );
}

const PLACES = [
  { value: 'header', label: t`In a header` },
  { value: 'query', label: t`In a query parameter` },
  { value: 'path', label: t`In the body` },
];

/** The place of a value in an event: a header, a query parameter or a path. */
export function PlaceFields({ path, value, renderFields }: ObjectProps) {
  const { set } = useForm();
  const held = isObject(value) ? value : {};
  const place = PLACES.find((each) => typeof held[each.value] === 'string')?.value ?? 'header';
  return (
    <>
      <NativeSelect
        label={t`Where it is`}
        data={PLACES}
        value={place}
        onChange={(event) => {
          set(path, { [event.currentTarget.value]: '' });
        }}
      />
      {renderFields([place])}
    </>
  );
}

/** The example of the event, which can be made from a real one. */
export function SampleEventField(props: FieldProps) {
  const { config, set } = useForm();
  const [isPicking, setPicking] = useState(false);
  const intake = intakeOf(config);
  return (
    <div className={classes.optional}>
      <JsonField {...props} />
      {intake && (
        <Button
          variant="default"
          size="xs"
          className={classes.add}
          onClick={() => {
            setPicking(true);
          }}
        >
          {t`Create the example from a real event`}
        </Button>
      )}
      {isPicking && (
        <EventPicker
          title={t`Make an example`}
          preset={presetOf(intake ?? {})}
          onClose={() => {
            setPicking(false);
          }}
        >
          {({ document }) => {
            const example = madeUp(triggerBody(partOf(document, 'RUN', intake ?? {}).value));
            return (
              <>
                <p>
                  {t`Texts and long numbers are replaced, because the example is stored with the automation, and erasing a contact does not change it.`}
                </p>
                <JsonTree label={t`Example`} value={example} />
                <Button
                  onClick={() => {
                    set(props.path, example);
                    setPicking(false);
                  }}
                >
                  {t`Use this event`}
                </Button>
              </>
            );
          }}
        </EventPicker>
      )}
    </div>
  );
}

/** The rules that can be checked before the contact is known. */
const EVENT_RULES = new Set(['COMPARE', 'ALL', 'ANY']);

function kindsOf(member: Schema, root: Schema): unknown[] {
  const name = typeof member.$ref === 'string' ? member.$ref.replace('#/$defs/', '') : null;
  const definitions = isObject(root.$defs) ? root.$defs : {};
  const full = name === null ? member : definitions[name];
  const properties = isObject(full) && isObject(full.properties) ? full.properties : {};
  const { kind } = properties;
  if (!isObject(kind)) return [];
  return Array.isArray(kind.enum) ? kind.enum : [kind.const];
}

/** The schema with only those rules that a filter can check. */
export function withEventRules(root: Schema): Schema {
  const definitions = isObject(root.$defs) ? root.$defs : {};
  const rule = definitions.ConditionConfig;
  if (!isObject(rule) || !Array.isArray(rule.oneOf)) return root;
  const oneOf = (rule.oneOf as Schema[]).filter((member) =>
    kindsOf(member, root).every((kind) => typeof kind === 'string' && EVENT_RULES.has(kind)),
  );
  return { ...root, $defs: { ...definitions, ConditionConfig: { ...rule, oneOf } } };
}
