import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { rememberAutomation, rotateSecret } from './queries';
import { ShownSecret } from './ShownSecret';
import type { Automation } from './types';

const OVERLAPS = [
  { value: '0', label: 'Refuse immediately' },
  { value: '60', label: 'Accept for 1 hour' },
  { value: '1440', label: 'Accept for 1 day' },
  { value: '10080', label: 'Accept for 7 days' },
];

interface Props {
  automation: Automation;
  onClose: () => void;
}

/** Asks before the signing secret is replaced, then shows the new one once. */
export function RotateDialog({ automation, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [overlap, setOverlap] = useState('1440');
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => rotateSecret(api, automation.id, Number(overlap)),
    networkMode: 'always',
    onSuccess: (rotated) => {
      rememberAutomation(queries, rotated);
    },
  });
  const secret = data?.webhook?.secret;
  return (
    <Dialog title="Replace the signing secret?" opened onClose={onClose}>
      {secret ? (
        <>
          <ShownSecret secret={secret} />
          <DialogActions>
            <Button onClick={onClose}>I have stored the secret</Button>
          </DialogActions>
        </>
      ) : (
        <>
          <p>
            Creates a new secret and shows it once. Give it to the system that calls the webhook
            before the current secret expires.
          </p>
          <NativeSelect
            label="Current secret"
            data={OVERLAPS}
            value={overlap}
            onChange={(event) => {
              setOverlap(event.currentTarget.value);
            }}
          />
          <DialogDecision
            cancel="Cancel"
            confirm="Replace"
            error={error}
            isPending={isPending}
            onCancel={onClose}
            onConfirm={mutate}
          />
        </>
      )}
    </Dialog>
  );
}
