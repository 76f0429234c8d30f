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
  /** The preview's error, if no field of the template shows it. */
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
          Cannot be rendered with these values. The field Values names the one that is missing.
        </p>
      ) : (
        <TextBlock label="Body preview" text={body} />
      )}
      {gates.length > 0 && (
        <details className={classes.gates}>
          <summary>
            {gates.every(({ passed }) => passed)
              ? 'All gates pass for this contact'
              : 'A gate blocks this contact'}
          </summary>
          <DeliveryGates gates={gates} />
        </details>
      )}
    </>
  );
}

/** Shows the template rendered for a contact. Nothing is sent. */
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
          label="trigger (JSON)"
          field="trigger"
          previewInput={previewInput}
          onChange={onChange}
        />
        <details>
          <summary>Outputs of earlier steps</summary>
          <div className={classes.more}>
            <JsonInput
              label="steps (JSON by node id)"
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
      <section className={classes.result} aria-label="Rendered message" aria-live="polite">
        {error && aboutContact === null && <ErrorNotice error={error} />}
        {preview && !error && <Rendered preview={preview} />}
        {!preview && !error && (
          <p className={classes.muted}>Enter a body to see the preview.</p>
        )}
      </section>
    </div>
  );
}
