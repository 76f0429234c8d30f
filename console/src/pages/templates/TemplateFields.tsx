import { t } from '@lingui/core/macro';
import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import { CHANNELS } from '../../shared/api/types';
import form from '../../shared/ui/Form.module.css';
import { formatWord } from '../../shared/ui/format';
import type { Draft } from './preview';

const HINT =
  t`Liquid: ${'{{contact.…}}'}, ${'{{trigger.…}}'}, ${'{{steps.node.…}}'}, ${'{{vars.…}}'}, ${'{{workspace.name}}'}, ${'{{unsubscribeUrl}}'}.`;

const TEXT_HINT = t`If this field is empty, the plain text is made from the HTML.`;
const HTML_HINT =
  t`Values are escaped, unless the filter “safe” marks them as HTML. If this field is empty, simple HTML with paragraphs and links is made from the plain text.`;

interface Props {
  draft: Draft;
  /** The problem of each field; null if it has none. */
  problemOf: (field: keyof Draft) => Problem | null;
  onChange: (changes: Partial<Draft>) => void;
}

/** A problem of the template is an error; a value missing in the preview is only a note. */
export interface Problem {
  message: string;
  isRefusal: boolean;
}

/** The fields of the template. */
export function TemplateFields({ draft, problemOf, onChange }: Props) {
  function fieldProps(field: keyof Draft, hint?: string) {
    const problem = problemOf(field);
    if (problem === null) return hint === undefined ? {} : { description: hint };
    if (problem.isRefusal) return { error: problem.message, ...(hint && { description: hint }) };
    // Not an error: the field itself is valid.
    const missing = <span className={form.warning}>{t`In this preview: ${problem.message}`}</span>;
    return { description: hint === undefined ? missing : <>{hint} {missing}</> };
  }

  return (
    <>
      <div className={form.pair}>
        <TextInput
          label={t`Name`}
          required
          withAsterisk={false}
          maxLength={80}
          value={draft.name}
          {...fieldProps('name')}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
        <NativeSelect
          label={t`Channel`}
          data={CHANNELS.map((channel) => ({ value: channel, label: formatWord(channel) }))}
          value={draft.channel}
          {...fieldProps('channel')}
          onChange={(event) => {
            onChange({ channel: event.currentTarget.value });
          }}
        />
      </div>
      {draft.channel === 'EMAIL' && (
        <TextInput
          label={t`Subject`}
          maxLength={998}
          value={draft.subject}
          {...fieldProps('subject')}
          onChange={(event) => {
            onChange({ subject: event.currentTarget.value });
          }}
        />
      )}
      {draft.channel === 'EMAIL' && (
        <Textarea
          label={t`HTML`}
          rows={14}
          resize="vertical"
          spellCheck={false}
          value={draft.html}
          {...fieldProps('html', HTML_HINT)}
          classNames={{ input: form.code ?? '' }}
          onChange={(event) => {
            onChange({ html: event.currentTarget.value });
          }}
        />
      )}
      <Textarea
        label={draft.channel === 'EMAIL' ? t`Plain text` : t`Body`}
        rows={draft.channel === 'EMAIL' ? 8 : 14}
        resize="vertical"
        value={draft.body}
        {...fieldProps('body', draft.channel === 'EMAIL' ? `${TEXT_HINT} ${HINT}` : HINT)}
        classNames={{ input: form.code ?? '' }}
        onChange={(event) => {
          onChange({ body: event.currentTarget.value });
        }}
      />
    </>
  );
}
