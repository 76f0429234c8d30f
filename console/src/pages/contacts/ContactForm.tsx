import { t } from '@lingui/core/macro';
import { Button, TagsInput, Textarea, TextInput } from '@mantine/core';
import { type SubmitEvent, useRef, useState } from 'react';
import { Link } from 'react-router';
import type { Contact, ContactDocument } from '../../shared/api/types';
import { useBackLink } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import classes from '../../shared/ui/Form.module.css';
import { fieldError, formError, parseObject, useFocusOnError } from '../../shared/ui/forms';
import { LeaveGuard } from '../../shared/ui/LeaveGuard';
import { ConsentFields } from './ConsentFields';
import { consentsOf, draftsOf, NO_CONSENTS } from './consents';
import { ExternalIdFields } from './ExternalIdFields';
import { externalIdsOf, rowsOf } from './externalIds';

const METADATA_EXAMPLE = '{"plan": "pro", "birthday": "1990-05-17"}';

const FIELDS = [
  'email',
  'phone',
  'externalIds',
  'firstName',
  'lastName',
  'tags',
  'consents',
  'metadata',
];

interface Props {
  /** The contact to edit; absent for a new one. */
  contact?: Contact;
  submitLabel: string;
  cancelTo: string;
  error: Error | null;
  isPending: boolean;
  onSave: (document: ContactDocument) => void;
}

/** An empty field has no value. */
function valueOf(form: FormData, name: string): string | null {
  const value = form.get(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function metadataText(contact: Contact | undefined): string {
  const metadata = contact?.metadata ?? {};
  return Object.keys(metadata).length === 0 ? '' : JSON.stringify(metadata, null, 2);
}

/** The form of a contact. It shows the problems that the API reports at their fields. */
export function ContactForm(props: Props) {
  const { contact, submitLabel, cancelTo, error, isPending, onSave } = props;
  const form = useRef<HTMLFormElement>(null);
  const backLink = useBackLink({ to: cancelTo, isThing: contact !== undefined });
  const [tags, setTags] = useState(contact?.tags ?? []);
  const [externalIdRows, setExternalIdRows] = useState(() => rowsOf(contact));
  const storedConsents = contact?.consents ?? NO_CONSENTS;
  const [consents, setConsents] = useState(() => draftsOf(storedConsents));
  const [isTouched, setTouched] = useState(false);
  const [metadataProblem, setMetadataProblem] = useState<string | null>(null);
  useFocusOnError(form, error ?? metadataProblem);
  const general = formError(error, FIELDS);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const metadata = parseObject(valueOf(values, 'metadata') ?? '');
    setMetadataProblem('problem' in metadata ? metadata.problem : null);
    const externalIds = externalIdsOf(externalIdRows);
    if ('problem' in metadata || externalIds === null) return;
    onSave({
      email: valueOf(values, 'email'),
      phone: valueOf(values, 'phone'),
      externalIds,
      firstName: valueOf(values, 'firstName'),
      lastName: valueOf(values, 'lastName'),
      tags,
      consents: consentsOf(storedConsents, consents),
      metadata: metadata.value,
    });
  }

  function fieldProps(name: 'firstName' | 'lastName' | 'email' | 'phone') {
    return {
      name,
      autoComplete: 'off',
      defaultValue: contact?.[name] ?? '',
      error: fieldError(error, name),
    };
  }

  return (
    <form
      ref={form}
      className={classes.form}
      onSubmit={submit}
      onInput={() => {
        setTouched(true);
      }}
      noValidate
    >
      <LeaveGuard isDirty={isTouched}>{t`Your changes will be lost.`}</LeaveGuard>
      {general && <ErrorNotice error={general} />}
      <div className={classes.pair}>
        <TextInput label={t`First name`} {...fieldProps('firstName')} />
        <TextInput label={t`Last name`} {...fieldProps('lastName')} />
      </div>
      <div className={classes.pair}>
        <TextInput label={t`E-mail`} type="email" {...fieldProps('email')} />
        <TextInput label={t`Phone`} type="tel" placeholder="+49 151 …" {...fieldProps('phone')} />
      </div>
      <ExternalIdFields
        rows={externalIdRows}
        error={error}
        onChange={(changed) => {
          setExternalIdRows(changed);
          setTouched(true);
        }}
      />
      <TagsInput
        label={t`Tags`}
        description={t`Press Enter or comma after each tag.`}
        value={tags}
        onChange={(changed) => {
          setTags(changed);
          setTouched(true);
        }}
        error={fieldError(error, 'tags')}
      />
      <ConsentFields
        stored={storedConsents}
        drafts={consents}
        problem={fieldError(error, 'consents')}
        onChange={(changed) => {
          setConsents(changed);
          setTouched(true);
        }}
      />
      <Textarea
        label={t`Metadata`}
        description={t`A JSON object with further data for automations and templates.`}
        name="metadata"
        placeholder={METADATA_EXAMPLE}
        defaultValue={metadataText(contact)}
        error={metadataProblem ?? fieldError(error, 'metadata')}
        rows={8}
        resize="vertical"
        spellCheck={false}
        classNames={{ input: classes.code ?? '' }}
      />
      <div className={classes.buttons}>
        <Button type="submit" loading={isPending}>
          {submitLabel}
        </Button>
        <Button component={Link} {...backLink} variant="default">
          {t`Cancel`}
        </Button>
      </div>
    </form>
  );
}
