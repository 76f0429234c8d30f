import { t } from '@lingui/core/macro';
import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../../../shared/auth/services';
import type { Graph } from '../../../shared/graph/model';
import { namedContact } from '../../../shared/subjects/contacts';
import { ErrorNotice } from '../../../shared/ui/ErrorNotice';
import { TextBlock } from '../../../shared/ui/TextBlock';
import type { LoadedEvent } from '../events';
import { previewQuery } from '../queries';
import { isFacts } from '../sources';
import classes from './TestBench.module.css';

const DEBOUNCE_MS = 400;

interface Message {
  label: string;
  templateId: string;
}

/** The messages that the automation sends, one for each channel of a node. */
export function messagesOf({ nodes }: Graph): Message[] {
  return nodes.flatMap(({ id, config }) => {
    const channels: unknown[] = Array.isArray(config.channels) ? config.channels : [];
    return channels.filter(isFacts).flatMap(({ channel, templateId }) => {
      if (typeof templateId !== 'string' || templateId === '') return [];
      const word = channels.length > 1 ? `${id}, ${String(channel)}` : id;
      return [{ label: word, templateId }];
    });
  });
}

interface Props {
  graph: Graph;
  loaded: LoadedEvent;
  payload: Record<string, unknown>;
}

function Rendered({ templateId, contact, loaded, payload }: Omit<Props, 'graph'> & { templateId: string; contact: string }) {
  const { api } = useServices();
  const { event, type, id } = loaded;
  const document = {
    ...(contact === '' ? {} : namedContact(contact)),
    payload,
    event: { headers: event.headers, query: event.query, type, id },
  };
  const { data, error } = useQuery(previewQuery(api, templateId, document));
  if (error) return <ErrorNotice error={error} />;
  if (!data) return <p role="status">{t`Loading the preview…`}</p>;
  return (
    <>
      {data.problems.length > 0 && (
        <ul className={classes.problems}>
          {data.problems.map(({ field, message }) => (
            <li key={field}>
              {field}: {message}
            </li>
          ))}
        </ul>
      )}
      {data.address !== null && <p className={classes.none}>{t`To ${data.address}`}</p>}
      {data.subject !== null && <p className={classes.none}>{t`Subject: ${data.subject}`}</p>}
      {data.body !== null && <TextBlock label={t`Preview of the message`} text={data.body} />}
    </>
  );
}

/** Shows a message of the automation as it would be rendered for this event. Nothing is sent. */
export function MessagePreview({ graph, loaded, payload }: Props) {
  const messages = messagesOf(graph);
  const [chosen, setChosen] = useState('');
  const [contact, setContact] = useState('');
  const [settled] = useDebouncedValue(contact.trim(), DEBOUNCE_MS);
  const [first] = messages;
  if (!first) return null;
  return (
    <section className={classes.preview} aria-label={t`Preview of a message`}>
      <h3>{t`Preview`}</h3>
      <div className={classes.fields}>
        <NativeSelect
          label={t`Message`}
          data={[
            { value: '', label: t`Choose…` },
            ...messages.map(({ label }, index) => ({ value: String(index), label })),
          ]}
          value={chosen}
          onChange={(event) => {
            setChosen(event.currentTarget.value);
          }}
        />
        <TextInput
          label={t`Contact`}
          placeholder={t`E-mail, phone, id or stripe:cus_123`}
          value={contact}
          onChange={(event) => {
            setContact(event.currentTarget.value);
          }}
        />
      </div>
      {chosen !== '' && (
        <Rendered
          templateId={messages[Number(chosen)]?.templateId ?? first.templateId}
          contact={settled}
          loaded={loaded}
          payload={payload}
        />
      )}
    </section>
  );
}
