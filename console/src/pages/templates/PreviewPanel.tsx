import { Textarea } from '@mantine/core';
import type { Preview } from '../../shared/api/types';
import { ContactFilter } from '../../shared/lists/TextFilter';
import { DeliveryGates } from '../../shared/subjects/DeliveryGates';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { TextBlock } from '../../shared/ui/TextBlock';
import { type PreviewInput, contactProblem, type JsonField, jsonProblem } from './preview';
import classes from './PreviewPanel.module.css';

interface Props {
  previewInput: PreviewInput;
  onChange: (changes: Partial<PreviewInput>) => void;
  preview: Preview | undefined;
  /** Of the preview, where no field of the template tells it. */
  error: Error | null;
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

function Rendered({ preview }: { preview: Preview }) {
  const { address, subject, body, gates } = preview;
  return (
    <>
      {address !== null && (
        <p className={classes.line}>
          <span>To</span> {address}
        </p>
      )}
      {subject !== null && (
        <p className={classes.line}>
          <span>Subject</span> <strong>{subject}</strong>
        </p>
      )}
      {body === null ? (
        <p className={classes.muted}>
          It cannot be rendered with these values; the field tells what is missing.
        </p>
      ) : (
        <TextBlock label="Preview of the body" text={body} />
      )}
      {gates.length > 0 && (
        <details className={classes.gates}>
          <summary>
            {gates.every(({ passed }) => passed)
              ? 'Every gate is open for this contact'
              : 'A gate is closed for this contact'}
          </summary>
          <DeliveryGates gates={gates} />
        </details>
      )}
    </>
  );
}

/** What the template would say to a contact. Nothing is sent. */
export function PreviewPanel({ previewInput, onChange, preview, error }: Props) {
  const aboutContact = contactProblem(error);
  return (
    <div className={classes.panel}>
      <Section title="Preview">
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
          label="Payload of the trigger (JSON)"
          field="trigger"
          previewInput={previewInput}
          onChange={onChange}
        />
        <details>
          <summary>Values from steps before</summary>
          <div className={classes.more}>
            <JsonInput
              label="steps (JSON by node)"
              field="steps"
              previewInput={previewInput}
              onChange={onChange}
            />
            <JsonInput
              label="vars (JSON)"
              field="vars"
              previewInput={previewInput}
              onChange={onChange}
            />
          </div>
        </details>
      </Section>
      <section className={classes.result} aria-label="What it would say" aria-live="polite">
        {error && aboutContact === null && <ErrorNotice error={error} />}
        {preview && !error && <Rendered preview={preview} />}
        {!preview && !error && (
          <p className={classes.muted}>Write a body to see what it would say.</p>
        )}
      </section>
    </div>
  );
}
