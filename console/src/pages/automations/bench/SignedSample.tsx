import { t } from '@lingui/core/macro';
import { Button, NativeSelect } from '@mantine/core';
import { IconSignature } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAllows } from '../../../shared/auth/role';
import { useServices } from '../../../shared/auth/services';
import { ErrorNotice, Notice } from '../../../shared/ui/ErrorNotice';
import { Json } from '../../../shared/ui/Json';
import { sendSample } from '../events';
import { sourcePresetsQuery } from '../queries';
import type { Automation, SampleAnswer } from '../types';
import classes from './TestBench.module.css';

interface Props {
  automation: Automation;
  /** The sender that the active version's trigger names. */
  preset: string;
}

function Answer({ answer: { status, contentType, body } }: { answer: SampleAnswer }) {
  const isAccepted = status < 400;
  return (
    <>
      <Notice
        tone={isAccepted ? 'info' : 'bad'}
        title={isAccepted ? t`The webhook accepted the sample: ${status}` : t`The webhook refused the sample: ${status}`}
      >
        <p>
          {contentType === ''
            ? t`The sender gets this answer.`
            : t`The sender gets this answer, as ${contentType}.`}
        </p>
      </Notice>
      {body !== '' && <Json label={t`Answer`} value={body} />}
    </>
  );
}

/** Sends one of the sender's own examples, signed with the current keys. */
export function SignedSample({ automation, preset }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const maySend = useAllows('ADMIN');
  const { data: presets } = useQuery(sourcePresetsQuery(api));
  const [chosen, setChosen] = useState(0);
  const found = presets?.find((each) => each.preset === preset);
  const samples = found?.samples ?? [];
  const { mutate, data, error, isPending, reset } = useMutation({
    mutationFn: () => sendSample(api, automation.id, samples[chosen]),
    networkMode: 'always',
    onSuccess: () => queries.invalidateQueries({ queryKey: ['automation', automation.id] }),
  });
  if (!maySend || !found || automation.status === 'ARCHIVED') return null;
  if (!found.canSignSamples) {
    return <p>{t`Only ${found.title} can sign its events, so no sample can be sent from here.`}</p>;
  }
  return (
    <>
      <div className={classes.actions}>
        {samples.length > 1 && (
          <NativeSelect
            aria-label={t`Sample`}
            data={samples.map(({ title }, index) => ({ value: String(index), label: title }))}
            value={String(chosen)}
            onChange={(event) => {
              setChosen(Number(event.currentTarget.value));
              reset();
            }}
          />
        )}
        <Button
          variant="default"
          loading={isPending}
          leftSection={<IconSignature size={16} aria-hidden />}
          onClick={() => {
            mutate();
          }}
        >
          {t`Send a signed sample`}
        </Button>
      </div>
      {error && <ErrorNotice error={error} />}
      {data && <Answer answer={data} />}
    </>
  );
}
