import { t } from '@lingui/core/macro';
import { type ReactNode, useMemo } from 'react';
import { OWN_SYSTEM, presetOf } from '../../../sources';
import classes from '../../Editor.module.css';
import { fieldOf, isObject, labelOf, type Path, type Property, variantOf } from '../../schema';
import type { FieldProps } from '../fieldProps';
import { FormContext, useForm } from '../FormContext';
import { ContactFieldsField } from './ContactFieldsField';
import { SenderField } from './SenderField';
import { withEventRules } from './specialFields';

interface Props {
  path: Path;
  properties: readonly Property[];
  value: unknown;
  renderField: (props: FieldProps) => ReactNode;
}

/** Whether an object is the part of a trigger that receives webhooks. */
export function isIntake(properties: readonly Property[]): boolean {
  const names = new Set(properties.map(({ name }) => name));
  return ['source', 'contactLookup', 'split', 'answerRefused'].every((name) => names.has(name));
}

/** Shown below under headings of their own; all others come first. */
const GROUPED = [
  'source',
  'signed',
  'split',
  'splitId',
  'filter',
  'dedupe',
  'dedupePath',
  'contactLookup',
  'createIfMissing',
  'updateContact',
  'contactFields',
  'keys',
  'headers',
  'rateLimitPerMinute',
  'answerRefused',
  'sampleEvent',
];

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={classes.group}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

/** The form of a trigger that receives webhooks. It begins with the sender. */
export function IntakeFields({ path, properties, value, renderField }: Props) {
  const form = useForm();
  const intake = useMemo(() => (isObject(value) ? value : {}), [value]);
  const withRules = useMemo(() => ({ ...form, root: withEventRules(form.root) }), [form]);

  function propsOf(name: string): FieldProps | null {
    const property = properties.find((each) => each.name === name);
    if (!property) return null;
    const { schema, isRequired } = property;
    return { schema, path: [...path, name], label: labelOf(name), value: intake[name], isRequired };
  }

  function field(name: string) {
    const props = propsOf(name);
    return props && renderField(props);
  }

  /** A field that only has an effect with another one; kept visible while it has a value. */
  function fieldIf(applies: boolean, name: string) {
    const held = intake[name];
    const isSet = held !== undefined && held !== null && held !== false;
    return applies || isSet ? field(name) : null;
  }

  function sourceRule() {
    const props = propsOf('source');
    const source = props && fieldOf(props.schema, form.root);
    if (source?.kind !== 'VARIANTS' || !isObject(intake.source)) return null;
    const variant = variantOf(source, intake.source);
    const shown = variant && fieldOf(variant.schema, form.root);
    if (shown?.kind !== 'OBJECT') return null;
    const held = intake.source;
    return shown.properties
      .filter(({ name }) => name !== source.tag)
      .map(({ name, schema, isRequired }) => (
        <div key={name}>
          {renderField({
            schema,
            path: [...path, 'source', name],
            label: labelOf(name),
            value: held[name],
            isRequired,
          })}
        </div>
      ));
  }

  const lookup = isObject(intake.contactLookup) ? intake.contactLookup : null;
  const fillsContacts = intake.createIfMissing === true || intake.updateContact === true;
  const contactFields = propsOf('contactFields');
  const hasContactFields = isObject(intake.contactFields);
  const map = contactFields && fieldOf(contactFields.schema, form.root);
  return (
    <>
      <SenderField
        path={path}
        intake={intake}
        rule={
          <>
            {fieldIf(presetOf(intake) === OWN_SYSTEM, 'signed')}
            {sourceRule()}
          </>
        }
      />
      {properties
        .filter(({ name }) => !GROUPED.includes(name) && name !== 'triggerType' && name !== 'kind')
        .map(({ name }) => (
          <div key={name}>{field(name)}</div>
        ))}
      <Group title={t`Which events open a run`}>
        {field('split')}
        {fieldIf(typeof intake.split === 'string', 'splitId')}
        <FormContext value={withRules}>{field('filter')}</FormContext>
        {field('dedupe')}
        {fieldIf(intake.dedupe !== 'OFF', 'dedupePath')}
      </Group>
      <Group title={t`Who the event is about`}>
        {field('contactLookup')}
        {fieldIf(lookup !== null && lookup.by !== 'id', 'createIfMissing')}
        {fieldIf(lookup !== null, 'updateContact')}
        {contactFields && map?.kind === 'MAP' && (fillsContacts || hasContactFields) && (
          <ContactFieldsField {...contactFields} inner={map.value} />
        )}
      </Group>
      {field('keys')}
      <Group title={t`Receiving`}>
        {field('headers')}
        {field('rateLimitPerMinute')}
        {field('answerRefused')}
      </Group>
      {field('sampleEvent')}
    </>
  );
}
