import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import { CHANNELS } from '../api/types';
import form from '../ui/Form.module.css';
import { formatWord } from '../ui/format';
import type { Draft } from './preview';

interface Props {
  draft: Draft;
  /** What is wrong with each field; null where nothing is. */
  problemOf: (field: keyof Draft) => string | null;
  onChange: (changes: Partial<Draft>) => void;
}

/** The template itself. */
export function TemplateFields({ draft, problemOf, onChange }: Props) {
  return (
    <>
      <div className={form.pair}>
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          maxLength={80}
          value={draft.name}
          error={problemOf('name')}
          onChange={(event) => {
            onChange({ name: event.currentTarget.value });
          }}
        />
        <NativeSelect
          label="Channel"
          data={CHANNELS.map((channel) => ({ value: channel, label: formatWord(channel) }))}
          value={draft.channel}
          error={problemOf('channel')}
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
          error={problemOf('subject')}
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
        error={problemOf('body')}
        classNames={{ input: form.code ?? '' }}
        onChange={(event) => {
          onChange({ body: event.currentTarget.value });
        }}
      />
    </>
  );
}
