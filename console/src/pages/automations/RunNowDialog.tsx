import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../../shared/auth/services';
import { namedContact } from '../../shared/subjects/contacts';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { Notice } from '../../shared/ui/ErrorNotice';
import { openRun } from './queries';
import type { Automation } from './types';

interface Props {
  automation: Automation;
  /** The payload at first: a sample of what the automation's trigger reads, or a real event. */
  sample: Record<string, unknown>;
  /** The contact at first, as it can be pasted. */
  contact?: string;
  onClose: () => void;
}

function parsePayload(text: string): Record<string, unknown> | string {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    return t`Enter a JSON object: ${'{'} … ${'}'}.`;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** Opens a run for one contact. */
export function RunNowDialog({ automation, sample, contact: first = '', onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  // One key per dialog: a click that is repeated after a lost answer opens one run.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [contact, setContact] = useState(first);
  const [text, setText] = useState(() => JSON.stringify(sample, null, 2));
  const payload = parsePayload(text);
  const { mutate, data, error, isPending, reset } = useMutation({
    mutationFn: (body: Record<string, unknown>) =>
      openRun(api, automation.id, { ...namedContact(contact), payload: body, idempotencyKey }),
    networkMode: 'always',
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['runs'] });
      void queries.invalidateQueries({ queryKey: ['automation', automation.id, 'last-run'] });
    },
  });
  return (
    <Dialog title={t`Run “${automation.name}” now`} opened onClose={onClose}>
      {data ? (
        <>
          <Notice title={t`Run opened`}>
            <p>{t`The run starts now. Follow it on its page.`}</p>
          </Notice>
          <DialogActions>
            <Button variant="default" onClick={onClose}>
              {t`Close`}
            </Button>
            <Button component={Link} to={`/runs/${data.runId}`}>
              {t`Open the run`}
            </Button>
          </DialogActions>
        </>
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (typeof payload !== 'string' && contact.trim() !== '') mutate(payload);
          }}
        >
          <p>
            <Trans>
              Runs version {automation.version} for one contact. Messages are really sent, and
              services are really called.
            </Trans>
          </p>
          <TextInput
            label={t`Contact`}
            placeholder={t`E-mail, phone, id or stripe:cus_123`}
            required
            data-autofocus
            value={contact}
            onChange={(event) => {
              setContact(event.currentTarget.value);
              reset();
            }}
          />
          <Textarea
            label={t`Payload`}
            description={t`The event's data as JSON. Nodes read it as ${'{{trigger.…}}'}.`}
            autosize
            minRows={3}
            maxRows={12}
            spellCheck={false}
            styles={{ input: { fontFamily: 'var(--mono)', fontSize: '0.825rem' } }}
            error={typeof payload === 'string' ? payload : undefined}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              reset();
            }}
          />
          <DialogDecision
            cancel={t`Cancel`}
            confirm={t`Run now`}
            error={error}
            isPending={isPending}
            isDisabled={typeof payload === 'string' || contact.trim() === ''}
            onCancel={onClose}
          />
        </form>
      )}
    </Dialog>
  );
}
