import { t } from '@lingui/core/macro';
import { ActionIcon, TextInput } from '@mantine/core';
import { IconFocus2 } from '@tabler/icons-react';
import { useState } from 'react';
import { JsonTree } from '../../../../shared/ui/JsonTree';
import { writtenPath } from '../../../../shared/ui/valuePath';
import type { LoadedEvent } from '../../events';
import { baseOf, partOf } from '../../pickedPart';
import { intakeOf, presetOf } from '../../sources';
import { type EventPart, type Path, pathText } from '../schema';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { EventPicker } from './intake/EventPicker';
import { useInput } from './useInput';

/** The field's path in the part of the trigger that receives webhooks. */
function fieldInIntake(path: Path, config: Record<string, unknown>): string {
  const isInDate = config.triggerType === 'DATE';
  return pathText(isInDate ? path.slice(1) : path);
}

interface PartsProps {
  part: EventPart;
  path: Path;
  loaded: LoadedEvent;
  onPick: (text: string) => void;
}

function Parts({ part, path, loaded, onPick }: PartsProps) {
  const { config } = useForm();
  const { event, document } = loaded;
  if (part === 'EVENT_HEADER') {
    return Object.keys(event.headers).length === 0 ? (
      <p>{t`This event has no kept headers.`}</p>
    ) : (
      <JsonTree
        label={t`Headers of the event`}
        value={event.headers}
        picking={{
          verb: t`Use`,
          onPick: ([name]) => {
            if (name !== undefined) onPick(String(name));
          },
        }}
      />
    );
  }
  const { value, note } = partOf(document, baseOf(fieldInIntake(path, config)), intakeOf(config) ?? {});
  return (
    <>
      {note !== null && <p>{note}</p>}
      <JsonTree
        label={t`Fields of the event`}
        value={value}
        picking={{
          verb: t`Use`,
          onPick: (steps) => {
            onPick(writtenPath(steps));
          },
        }}
      />
    </>
  );
}

/** A path or header of the event, typed or picked from a real event. */
export function EventPartField({ part, ...props }: FieldProps & { part: EventPart }) {
  const { set, config } = useForm();
  const input = useInput(props);
  const [isPicking, setPicking] = useState(false);
  const { path, label, value, isRequired } = props;
  const intake = intakeOf(config);
  return (
    <>
      <TextInput
        {...input}
        spellCheck={false}
        value={typeof value === 'string' ? value : ''}
        rightSection={
          intake && (
            <ActionIcon
              variant="subtle"
              aria-label={t`Pick ${label.toLowerCase()} from a real event`}
              title={t`Pick from a real event`}
              onClick={() => {
                setPicking(true);
              }}
            >
              <IconFocus2 size={18} aria-hidden />
            </ActionIcon>
          )
        }
        onChange={({ currentTarget }) => {
          const written = currentTarget.value;
          set(path, written === '' && !isRequired ? undefined : written);
        }}
      />
      {isPicking && (
        <EventPicker
          title={t`Pick: ${label.toLowerCase()}`}
          preset={presetOf(intake ?? {})}
          onClose={() => {
            setPicking(false);
          }}
        >
          {(loaded) => (
            <Parts
              part={part}
              path={path}
              loaded={loaded}
              onPick={(text) => {
                set(path, text);
                setPicking(false);
              }}
            />
          )}
        </EventPicker>
      )}
    </>
  );
}
