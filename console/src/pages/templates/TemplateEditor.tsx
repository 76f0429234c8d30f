import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, type SubmitEvent, useMemo, useRef, useState } from 'react';
import { defineAddress, useAddressState } from '../../shared/address/addressState';
import { text } from '../../shared/address/parameters';
import type { Template, TemplateDocument } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { formError, useFocusOnError } from '../../shared/ui/forms';
import { LeaveGuard } from '../../shared/ui/LeaveGuard';
import { TextBlock } from '../../shared/ui/TextBlock';
import { useFormChanges } from '../../shared/ui/useFormChanges';
import {
  type PreviewInput,
  documentOf,
  type Draft,
  missingValues,
  previewRequest,
  refusedField,
  testRequest,
} from './preview';
import { PreviewPanel } from './PreviewPanel';
import { previewQuery } from './queries';
import classes from './TemplateEditor.module.css';
import { type Problem, TemplateFields } from './TemplateFields';
import { TestSend } from './TestSend';

const TYPING_MS = 350;
const FIELDS: (keyof Draft)[] = ['name', 'channel', 'subject', 'body', 'html'];
/** The values that the preview is rendered with. */
const TEMPLATE_PAGE = defineAddress({ contact: text() });

interface Props {
  /** The template to edit; absent for a new one. */
  template?: Template;
  submitLabel: string;
  /** The error of the last try to save. */
  error: Error | null;
  isPending: boolean;
  /** Shown beside the button after saving. */
  note?: ReactNode;
  onSave: (document: TemplateDocument, options: { onSuccess: () => void }) => void;
}

function draftOf(template: Template | undefined): Draft {
  return {
    name: template?.name ?? '',
    channel: template?.channel ?? 'EMAIL',
    subject: template?.subject ?? '',
    body: template?.body ?? '',
    html: template?.html ?? '',
  };
}

/** The error, or null if a field of the template shows it. */
function generalError(error: Error | null): Error | null {
  return formError(
    error,
    FIELDS.flatMap((field) => [field, `template.${field}`]),
  );
}

function ReadOnly({ template }: { template: Template }) {
  return (
    <Section title={t`Text`}>
      {template.subject !== null && <p>{template.subject}</p>}
      {template.body !== null && <TextBlock label={t`Template body`} text={template.body} />}
      {template.html !== null && <TextBlock label={t`Template HTML`} text={template.html} />}
    </Section>
  );
}

/** A template and its preview, side by side; read-only if the role does not allow changes. */
export function TemplateEditor({ template, submitLabel, error, isPending, note, onSave }: Props) {
  const { api } = useServices();
  const mayEdit = useAllows('ADMIN');
  const mayPreview = useAllows('MEMBER');
  const element = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(() => draftOf(template));
  const document = documentOf(draft);
  const { isDirty, markSaved } = useFormChanges(document);
  const [json, setJson] = useState({ trigger: '', steps: '', vars: '' });
  const [{ contact }, changeAddress] = useAddressState(TEMPLATE_PAGE);
  const previewInput = useMemo<PreviewInput>(() => ({ ...json, contact }), [json, contact]);
  const wanted = useMemo(
    () => (mayPreview ? previewRequest(draft, previewInput) : null),
    [mayPreview, draft, previewInput],
  );
  const [request] = useDebouncedValue(wanted, TYPING_MS);
  const preview = useQuery(previewQuery(api, request));
  useFocusOnError(element, error);
  const general = generalError(error);

  function change({ contact: wanted, ...changes }: Partial<PreviewInput>) {
    setJson((current) => ({ ...current, ...changes }));
    if (wanted !== undefined) changeAddress({ contact: wanted }, 'replace');
  }

  function problemOf(field: keyof Draft): Problem | null {
    const refused = refusedField(field, error) ?? refusedField(field, preview.error);
    if (refused !== null) return { message: refused, isRefusal: true };
    const missing = preview.error ? null : missingValues(field, preview.data);
    return missing === null ? null : { message: missing, isRefusal: false };
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    onSave(document, { onSuccess: markSaved });
  }

  return (
    <div className={classes.editor} data-sides={mayPreview ? 2 : 1}>
      {mayEdit ? (
        <form ref={element} className={form.form} onSubmit={submit}>
          <LeaveGuard isDirty={isDirty}>{t`Your changes will be lost.`}</LeaveGuard>
          {general && <ErrorNotice error={general} />}
          <TemplateFields
            draft={draft}
            problemOf={problemOf}
            onChange={(changes) => {
              setDraft((current) => ({ ...current, ...changes }));
            }}
          />
          <div className={form.buttons}>
            <Button type="submit" loading={isPending}>
              {submitLabel}
            </Button>
          </div>
          {note}
        </form>
      ) : (
        template && <ReadOnly template={template} />
      )}
      {mayPreview && (
        <PreviewPanel
          previewInput={previewInput}
          onChange={change}
          preview={request === null ? undefined : preview.data}
          error={request === null ? null : generalError(preview.error)}
          test={
            template?.channel === 'EMAIL' && (
              <TestSend
                templateId={template.id}
                revision={template.revision}
                request={testRequest(previewInput)}
                isDirty={isDirty}
              />
            )
          }
        />
      )}
    </div>
  );
}
