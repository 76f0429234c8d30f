import { t } from '@lingui/core/macro';
import { Button, NativeSelect, PasswordInput, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { Notice } from '../../shared/ui/ErrorNotice';
import { fieldError, formError } from '../../shared/ui/forms';
import { rememberAutomation, rotateSecret } from './queries';
import { ShownSecret } from './ShownSecret';
import type { KeyName, NeededKey } from './sources';
import type { Automation, RotationDocument } from './types';

const OVERLAPS = [
  { value: '0', label: t`Refuse immediately` },
  { value: '60', label: t`Accept for 1 hour` },
  { value: '1440', label: t`Accept for 1 day` },
  { value: '10080', label: t`Accept for 7 days` },
];
const FIELDS = ['secret', 'publicKey', 'verifyToken', 'overlapMinutes'] as const;

interface Props {
  automation: Automation;
  /** The sender's name: `Stripe`. */
  sender: string;
  keys: readonly NeededKey[];
  onClose: () => void;
}

interface KeyFieldProps {
  needed: NeededKey;
  isSet: boolean;
  value: string;
  error: string | null;
  onChange: (value: string) => void;
}

/** The sentences that are not empty. */
function joined(...sentences: string[]): string {
  return sentences.filter((each) => each !== '').join(' ');
}

function KeyField({ needed: { name, facts }, isSet, value, error, onChange }: KeyFieldProps) {
  const hint = isSet ? t`Leave the field empty to keep the current value.` : '';
  const begins = facts.prefix === '' ? '' : t`The value begins with ${facts.prefix}.`;
  const shared = {
    label: facts.name,
    description: joined(t`You can find this value ${facts.where}.`, begins, hint),
    value,
    error,
    spellCheck: false,
    autoComplete: 'off',
    onChange: (event: { currentTarget: { value: string } }) => {
      onChange(event.currentTarget.value);
    },
  };
  if (name === 'secret') return <PasswordInput {...shared} />;
  if (name === 'publicKey') return <Textarea {...shared} autosize minRows={2} maxRows={8} />;
  const choose = t`Choose a token, and enter the same token ${facts.where}.`;
  return <TextInput {...shared} description={joined(choose, hint)} />;
}

function isSetIn({ webhook }: Automation, name: KeyName): boolean {
  if (!webhook) return false;
  if (name === 'secret') return webhook.hasSecret;
  return name === 'publicKey' ? webhook.hasPublicKey : webhook.hasVerifyToken;
}

/** Sets or replaces the keys that prove a sender's events. A secret made here is shown once. */
export function KeysDialog({ automation, sender, keys, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [overlap, setOverlap] = useState('1440');
  const [values, setValues] = useState<Partial<Record<KeyName, string>>>({});
  // Some senders make the secret themselves. Then it can only be pasted here.
  const mayMake = keys.some(({ name, facts }) => name === 'secret' && facts.chosenBy === 'RUNLEDGER');
  const [makes, setMakes] = useState(mayMake);
  const replaces = keys.some(({ name }) => isSetIn(automation, name));
  const shown = makes ? keys.filter(({ name }) => name !== 'secret') : keys;
  const given = shown.flatMap(({ name }) => {
    const value = values[name]?.trim() ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  const { mutate, data, error, isPending, reset } = useMutation({
    mutationFn: () => {
      const document: RotationDocument = {
        overlapMinutes: Number(overlap),
        ...Object.fromEntries(given),
      };
      return rotateSecret(api, automation.id, document);
    },
    networkMode: 'always',
    onSuccess: (rotated) => {
      rememberAutomation(queries, rotated);
    },
  });
  const secret = data?.webhook?.secret;
  const title = replaces
    ? t`Replace the keys for webhooks from ${sender}`
    : t`Set the keys for webhooks from ${sender}`;
  if (data) {
    return (
      <Dialog title={title} opened onClose={onClose}>
        {secret ? (
          <ShownSecret secret={secret} />
        ) : (
          <Notice title={t`The keys are set`}>
            <p>{t`The keys are never shown again.`}</p>
          </Notice>
        )}
        <DialogActions>
          <Button onClick={onClose}>{secret ? t`I have stored the secret` : t`Done`}</Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} opened onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          mutate();
        }}
      >
        <Stack gap="md">
          {mayMake && (
            <Radio.Group
              label={t`Secret`}
              value={makes ? 'make' : 'enter'}
              onChange={(value) => {
                setMakes(value === 'make');
                reset();
              }}
            >
              <Stack gap="xs" mt="xs">
                <Radio value="make" label={t`Make a new secret`} description={t`The secret is shown once.`} />
                <Radio value="enter" label={t`Enter the secret that the sender uses`} />
              </Stack>
            </Radio.Group>
          )}
          {shown.map((needed) => (
            <KeyField
              key={needed.name}
              needed={needed}
              isSet={isSetIn(automation, needed.name)}
              value={values[needed.name] ?? ''}
              error={fieldError(error, needed.name)}
              onChange={(value) => {
                setValues({ ...values, [needed.name]: value });
                reset();
              }}
            />
          ))}
          {replaces && (
            <NativeSelect
              label={t`Events with the current keys`}
              data={OVERLAPS}
              value={overlap}
              onChange={(event) => {
                setOverlap(event.currentTarget.value);
              }}
            />
          )}
        </Stack>
        <DialogDecision
          cancel={t`Cancel`}
          confirm={replaces ? t`Replace` : t`Set`}
          error={formError(error, FIELDS)}
          isPending={isPending}
          isDisabled={!makes && given.length === 0}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
