import { t } from '@lingui/core/macro';
import { Textarea } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Preview } from '../../shared/api/types';
import { ContactFilter } from '../../shared/lists/TextFilter';
import { DeliveryGates } from '../../shared/subjects/DeliveryGates';
import { MailPreview } from '../../shared/subjects/MailPreview';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { capitalize } from '../../shared/ui/format';
import { Tabs } from '../../shared/ui/Tabs';
import { TextBlock } from '../../shared/ui/TextBlock';
import { type PreviewInput, contactProblem, type JsonField, jsonProblem } from './preview';
import classes from './PreviewPanel.module.css';

interface Props {
  previewInput: PreviewInput;
  onChange: (changes: Partial<PreviewInput>) => void;
  preview: Preview | undefined;
  /** The preview's error, if no field of the template shows it. */
  error: Error | null;
  /** The offer to send a test, below the preview. */
  test?: ReactNode;
}

function JsonInput({ label, field, previewInput, onChange }: Pick<Props, 'previewInput' | 'onChange'> & {
  label: string;
  field: JsonField;
}) {
  return (
    <Textarea
      label={label}
      rows={3}
      resize="vertical"
      placeholder="{ }"
      spellCheck={false}
      value={previewInput[field]}
      error={jsonProblem(previewInput[field])}
      classNames={{ input: form.code ?? '' }}
      onChange={(event) => {
        onChange({ [field]: event.currentTarget.value });
      }}
    />
  );
}

function Text({ body }: { body: string | null }) {
  return body === null ? (
    <p className={classes.muted}>
      {t`This text cannot be rendered with these values. A note at the template’s field says why.`}
    </p>
  ) : (
    <TextBlock label={t`Body preview`} text={body} />
  );
}

function Html({ html }: { html: string | null }) {
  return html === null ? (
    <p className={classes.muted}>
      {t`This HTML cannot be rendered with these values. A note at the template’s field says why.`}
    </p>
  ) : (
    <MailPreview html={html} label={t`HTML preview`} />
  );
}

function Rendered({ preview }: { preview: Preview }) {
  const { address, subject, body, html, channel, warnings, gates } = preview;
  return (
    <>
      {address !== null && (
        <p className={classes.line}>
          <span>{t`To`}</span> {address}
        </p>
      )}
      {subject !== null && (
        <p className={classes.line}>
          <span>{t`Subject`}</span> <strong>{subject}</strong>
        </p>
      )}
      {warnings.length > 0 && (
        <ul className={classes.warnings}>
          {warnings.map(({ message }) => (
            <li key={message}>{capitalize(message)}</li>
          ))}
        </ul>
      )}
      {channel === 'EMAIL' ? (
        <Tabs
          label={t`Parts of the message`}
          tabs={[
            { key: 'html', label: t`HTML`, content: <Html html={html} /> },
            { key: 'text', label: t`Plain text`, content: <Text body={body} /> },
          ]}
        />
      ) : (
        <Text body={body} />
      )}
      {gates.length > 0 && (
        <details className={classes.gates}>
          <summary>
            {gates.every(({ passed }) => passed)
              ? t`All gates pass for this contact`
              : t`A gate blocks this contact`}
          </summary>
          <DeliveryGates gates={gates} />
        </details>
      )}
    </>
  );
}

/** Shows the template rendered for a contact. Nothing is sent. */
export function PreviewPanel({ previewInput, onChange, preview, error, test }: Props) {
  const aboutContact = contactProblem(error);
  return (
    <div className={classes.panel}>
      <Section title={t`Preview`}>
        <ContactFilter
          value={previewInput.contact}
          onChange={(contact) => {
            onChange({ contact });
          }}
        />
        {aboutContact !== null && (
          <p role="alert" className={form.problem}>
            {aboutContact}
          </p>
        )}
        <JsonInput
          label={t`trigger (JSON)`}
          field="trigger"
          previewInput={previewInput}
          onChange={onChange}
        />
        <details>
          <summary>{t`Outputs of earlier steps`}</summary>
          <div className={classes.more}>
            <JsonInput
              label={t`steps (JSON by node id)`}
              field="steps"
              previewInput={previewInput}
              onChange={onChange}
            />
            <JsonInput
              label={t`vars (JSON)`}
              field="vars"
              previewInput={previewInput}
              onChange={onChange}
            />
          </div>
        </details>
      </Section>
      <section className={classes.result} aria-label={t`Rendered message`} aria-live="polite">
        {error && aboutContact === null && <ErrorNotice error={error} />}
        {preview && !error && <Rendered preview={preview} />}
        {!preview && !error && (
          <p className={classes.muted}>{t`Enter a text to see the preview.`}</p>
        )}
      </section>
      {test}
    </div>
  );
}
