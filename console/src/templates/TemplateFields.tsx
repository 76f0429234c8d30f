import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import { CHANNELS } from '../api/types';
import form from '../ui/Form.module.css';
import { formatWord } from '../ui/format';
import type { Draft } from './preview';

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
  function problemProps(field: keyof Draft) {
    const problem = problemOf(field);
    const isRefusal = problem?.isRefusal ?? false;
    return { error: problem?.message, withErrorStyles: isRefusal, 'aria-invalid': isRefusal };
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
          {...problemProps('name')}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
        <NativeSelect
          label="Channel"
          data={CHANNELS.map((channel) => ({ value: channel, label: formatWord(channel) }))}
          value={draft.channel}
          {...problemProps('channel')}
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
          {...problemProps('subject')}
          onChange={(event) => {
            onChange({ subject: event.currentTarget.value });
          }}
        />
      )}
      <Textarea
        label="Body"
        description="Liquid: {{contact.…}}, {{trigger.…}}, {{steps.node.…}}, {{vars.…}}, {{workspace.name}}"
        rows={14}
        resize="vertical"
        value={draft.body}
        {...problemProps('body')}
        classNames={{ input: form.code ?? '' }}
        onChange={(event) => {
          onChange({ body: event.currentTarget.value });
        }}
      />
    </>
  );
}
