import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import { CHANNELS } from '../../shared/api/types';
import form from '../../shared/ui/Form.module.css';
import { formatWord } from '../../shared/ui/format';
import type { Draft } from './preview';

const HINT =
  'Liquid: {{contact.…}}, {{trigger.…}}, {{steps.node.…}}, {{vars.…}}, {{workspace.name}}.';

interface Props {
  draft: Draft;
  /** What is wrong with each field; null where nothing is. */
  problemOf: (field: keyof Draft) => Problem | null;
  onChange: (changes: Partial<Draft>) => void;
}

/** A refusal is the template's fault; a value that is missing is only the preview's. */
export interface Problem {
  message: string;
  isRefusal: boolean;
}

/** The template itself. */
export function TemplateFields({ draft, problemOf, onChange }: Props) {
  function told(field: keyof Draft, hint?: string) {
    const problem = problemOf(field);
    if (problem === null) return hint === undefined ? {} : { description: hint };
    if (problem.isRefusal) return { error: problem.message, ...(hint && { description: hint }) };
    // No error: a field that is invalid would have to be mended.
    const missing = <span className={form.warning}>In this preview: {problem.message}</span>;
    return { description: hint === undefined ? missing : <>{hint} {missing}</> };
  }

  return (
    <>
      <div className={form.pair}>
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          maxLength={80}
          value={draft.name}
          {...told('name')}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
        <NativeSelect
          label="Channel"
          data={CHANNELS.map((channel) => ({ value: channel, label: formatWord(channel) }))}
          value={draft.channel}
          {...told('channel')}
          onChange={(event) => {
            onChange({ channel: event.currentTarget.value });
          }}
        />
      </div>
      {draft.channel === 'EMAIL' && (
        <TextInput
          label="Subject"
          maxLength={998}
          value={draft.subject}
          {...told('subject')}
          onChange={(event) => {
            onChange({ subject: event.currentTarget.value });
          }}
        />
      )}
      <Textarea
        label="Body"
        rows={14}
        resize="vertical"
        value={draft.body}
        {...told('body', HINT)}
        classNames={{ input: form.code ?? '' }}
        onChange={(event) => {
          onChange({ body: event.currentTarget.value });
        }}
      />
    </>
  );
}
