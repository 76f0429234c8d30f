import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { rememberAutomation, rotateSecret } from './queries';
import { ShownSecret } from './ShownSecret';
import type { Automation } from './types';

const OVERLAPS = [
  { value: '0', label: 'Not at all: refuse it at once' },
  { value: '60', label: 'One hour' },
  { value: '1440', label: 'One day' },
  { value: '10080', label: 'Seven days' },
];

interface Props {
  automation: Automation;
  onClose: () => void;
}

/** Replaces the signing secret; the new one is shown once. */
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
            <Button onClick={onClose}>I have kept it</Button>
          </DialogActions>
        </>
      ) : (
        <>
          <p>
            A new secret is made and shown once. The system that calls the webhook must get it
            before the present one is refused.
          </p>
          <NativeSelect
            label="Take the present secret for"
            data={OVERLAPS}
            value={overlap}
            onChange={(event) => {
              setOverlap(event.currentTarget.value);
            }}
          />
          <DialogDecision
            cancel="Keep the present one"
            confirm="Replace it"
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
