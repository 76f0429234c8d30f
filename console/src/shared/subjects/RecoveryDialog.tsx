import { t } from '@lingui/core/macro';
import { Checkbox, NativeSelect, NumberInput, Skeleton, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import type { Recovery } from '../api/types';
import { useAllows } from '../auth/role';
import { useServices } from '../auth/services';
import { Dialog, DialogDecision } from '../ui/Dialog';
import { ErrorNotice, Notice } from '../ui/ErrorNotice';
import form from '../ui/Form.module.css';
import { formatRuns } from '../ui/format';
import { formError } from '../ui/forms';
import { withDecision } from './effectChoices';
import {
  nodesToDecide,
  recoveryPreviewQuery,
  type RecoveryForm,
  recoveryRules,
  type Selection,
  USUAL_FAILURES,
  USUAL_FORM,
  USUAL_RATE,
  withChosenNodes,
} from './recoveryForm';
import { RecoveryPreview } from './RecoveryPreview';

const TYPING_PAUSE_MS = 300;

interface Props {
  selection: Selection;
  onClose: () => void;
}

/** Shows what a recovery would do, asks for its canary and pace, starts it and opens its page. */
export default function RecoveryDialog({ selection, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  // One key per dialog: a click that is repeated after a lost answer starts one recovery.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const mayRepeatMessages = useAllows('ADMIN');
  const [chosen, setChosen] = useState(USUAL_FORM);
  const [canary, setCanary] = useState<number | string>(3);
  const [then, setThen] = useState<'WAIT' | 'CONTINUE'>('WAIT');
  const [pace, setPace] = useState<number | string>(USUAL_RATE);
  const [failures, setFailures] = useState<number | string>(USUAL_FAILURES);
  const [reason, setReason] = useState('');
  const rules = useMemo(() => recoveryRules(selection, chosen), [selection, chosen]);
  const problem = 'problem' in rules ? rules : null;
  const asked = 'problem' in rules ? null : rules;
  const [settled] = useDebouncedValue(asked, TYPING_PAUSE_MS, { leading: true });
  const preview = useQuery(recoveryPreviewQuery(api, settled));
  // A refused choice keeps the list, so that it can be changed.
  const [shown, setShown] = useState<Recovery | null>(null);
  const [latest, setLatest] = useState<Recovery | null>(null);
  if (preview.data && preview.data !== latest) {
    setLatest(preview.data);
    setShown(withChosenNodes(preview.data, shown, chosen.decisions));
  }
  const isCurrent =
    preview.data !== undefined && JSON.stringify(settled) === JSON.stringify(asked);

  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: () => {
      if ('problem' in rules) throw new Error(rules.problem);
      return api.post('/v1/recoveries', {
        body: {
          ...rules,
          canary: Number(canary) > 0 ? { count: Number(canary), then } : null,
          ratePerMinute: Number(pace),
          stopAfterFailures: Number(failures),
          idempotencyKey,
          ...(reason.trim() !== '' && { reason: reason.trim() }),
          dryRun: false,
        },
      });
    },
    networkMode: 'always',
    onSuccess: async ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['recoveries'] });
      onClose();
      await navigate(`/recoveries/${id}`);
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    mutate();
  }

  function change(changes: Partial<RecoveryForm>) {
    setChosen((current) => ({ ...current, ...changes }));
    reset();
  }

  const eligible = shown?.counts.eligible ?? 0;
  const undecided = shown === null ? [] : nodesToDecide(shown, chosen.decisions);
  const fields = Object.keys(chosen.decisions).map((nodeId) => `effects.${nodeId}`);
  const isComplete = [canary, pace, failures].every((value) => typeof value === 'number');
  return (
    <Dialog title={t`Rerun the failed runs?`} isWide opened onClose={onClose}>
      <form onSubmit={submit} className={form.fieldset} aria-busy={!isCurrent && !preview.error}>
        {shown === null && preview.isFetching && (
          <div role="status" aria-label={t`Looking for runs`}>
            <Skeleton height={90} />
          </div>
        )}
        {shown === null && preview.error && <ErrorNotice error={preview.error} />}
        {shown !== null && (
          <RecoveryPreview
            preview={shown}
            decisions={chosen.decisions}
            mayRepeatMessages={mayRepeatMessages}
            error={error ?? preview.error}
            onDecide={(nodeId, decision) => {
              change({ decisions: withDecision(chosen.decisions, nodeId, decision) });
            }}
          />
        )}
        {undecided.length > 0 && (
          <Notice title={t`Your choice is needed before the rerun`}>
            <p>
              {t`${undecided.join(', ')} may already have made calls or sent messages. Choose whether the reruns repeat them, or leave these runs out.`}
            </p>
          </Notice>
        )}
        {problem !== null && (
          <Notice tone="bad" title={t`The output of ${problem.field} is invalid`}>
            <p>{problem.problem}</p>
          </Notice>
        )}
        <div className={form.pair}>
          <NativeSelect
            label={t`From`}
            data={[
              { value: 'FAILED', label: t`The failed node of each run` },
              { value: 'START', label: t`The start` },
            ]}
            value={chosen.isFromStart ? 'START' : 'FAILED'}
            onChange={(event) => {
              // Choices belong to the nodes that are visited again.
              change({ isFromStart: event.currentTarget.value === 'START', decisions: {} });
            }}
          />
          <NativeSelect
            label={t`Version`}
            data={[
              { value: 'SAME', label: t`The version of each run` },
              { value: 'ACTIVE', label: t`The active version` },
            ]}
            value={chosen.version}
            onChange={(event) => {
              const version = event.currentTarget.value === 'ACTIVE' ? 'ACTIVE' : 'SAME';
              change({ version, decisions: {} });
            }}
          />
          <NumberInput
            label={t`Reruns per minute`}
            min={1}
            max={600}
            allowDecimal={false}
            value={pace}
            onChange={setPace}
          />
          <NumberInput
            label={t`Canary`}
            description={t`How many runs are rerun first, as a test. 0 for none.`}
            min={0}
            max={1_000}
            allowDecimal={false}
            value={canary}
            onChange={setCanary}
          />
          <NativeSelect
            label={t`After the canary`}
            description={t`If a rerun of the canary fails, the recovery pauses.`}
            data={[
              { value: 'WAIT', label: t`Wait for me` },
              { value: 'CONTINUE', label: t`Continue` },
            ]}
            value={then}
            onChange={(event) => {
              setThen(event.currentTarget.value === 'CONTINUE' ? 'CONTINUE' : 'WAIT');
            }}
          />
          <NumberInput
            label={t`Pause after failures`}
            min={1}
            max={1_000_000}
            allowDecimal={false}
            value={failures}
            onChange={setFailures}
          />
          <TextInput
            label={t`Reason`}
            maxLength={200}
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
            }}
          />
        </div>
        <Checkbox
          label={t`Also start the automations that follow these runs`}
          description={t`When a rerun ends, it starts the automations that follow, as any other run does.`}
          checked={chosen.firesDownstream}
          onChange={(event) => {
            change({ firesDownstream: event.currentTarget.checked });
          }}
        />
        <DialogDecision
          cancel={t`Cancel`}
          confirm={eligible === 0 ? t`Rerun` : t`Rerun ${formatRuns(eligible)}`}
          error={error ?? (shown === null ? null : formError(preview.error, fields))}
          isPending={isPending}
          isDisabled={!isCurrent || eligible === 0 || !isComplete || undecided.length > 0}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
