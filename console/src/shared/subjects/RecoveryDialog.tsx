import { NativeSelect, NumberInput, Skeleton, TextInput } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import type { ApiClient } from '../api/client';
import type { Recovery, RecoveryDocument } from '../api/types';
import { useServices } from '../auth/services';
import { type AskedFilters, filterDocument } from '../lists/exports';
import { Dialog, DialogDecision } from '../ui/Dialog';
import { ErrorNotice } from '../ui/ErrorNotice';
import form from '../ui/Form.module.css';
import { formatCount, formatWord } from '../ui/format';

/** The runs to recover: those of a failure group, or those of a list's filters. */
export type Selection = { errorGroup: string } | { filter: AskedFilters };

type Asked = Pick<RecoveryDocument, 'version'> & Partial<RecoveryDocument>;

const PREVIEW = { ratePerMinute: 60, stopAfterFailures: 10, fireDownstream: false, dryRun: true };

function selected(selection: Selection): Pick<RecoveryDocument, 'filter' | 'errorGroup'> {
  return 'filter' in selection ? { filter: filterDocument(selection.filter) } : selection;
}

function previewQuery(api: ApiClient, selection: Selection, version: Asked['version']) {
  return queryOptions({
    queryKey: ['recovery-preview', selection, version],
    queryFn: ({ signal }) =>
      api.post('/v1/recoveries', { body: { ...PREVIEW, ...selected(selection), version }, signal }),
    gcTime: 0,
    retry: false,
  });
}

function runs(count: number): string {
  return count === 1 ? '1 run' : `${formatCount(count)} runs`;
}

/** How many runs are rerun, which are left out and why, and what happens at each node. */
function Preview({ preview }: { preview: Recovery }) {
  const { counts, nodes = [], isSelected } = preview;
  const reasons = Object.entries(counts.excluded).filter(([, count]) => count > 0);
  return (
    <>
      <p>
        Reruns{' '}
        <strong>
          {isSelected ? '' : 'at least '}
          {runs(counts.eligible)}
        </strong>
        , each from its failed node.
      </p>
      {reasons.length > 0 && (
        <>
          <p>Left out:</p>
          <ul aria-label="Left out">
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                {formatWord(reason)}: {runs(count)}
              </li>
            ))}
          </ul>
        </>
      )}
      {nodes.length > 0 && (
        <ul aria-label="By node">
          {nodes.map((node) => (
            <li key={`${node.automationId} ${node.nodeId}`}>
              <strong>{node.nodeId}</strong>: runs in {formatCount(node.run)}, reused in{' '}
              {formatCount(node.reused)}
              {node.undecided > 0 && `, needs a choice in ${formatCount(node.undecided)}`}
              {node.repeatedEffects > 0 &&
                `; ${formatCount(node.repeatedEffects)} calls or messages happen again`}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

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
  const [version, setVersion] = useState<Asked['version']>('SAME');
  const [canary, setCanary] = useState<number | string>(3);
  const [then, setThen] = useState<'WAIT' | 'CONTINUE'>('WAIT');
  const [pace, setPace] = useState<number | string>(PREVIEW.ratePerMinute);
  const [failures, setFailures] = useState<number | string>(PREVIEW.stopAfterFailures);
  const [reason, setReason] = useState('');
  const preview = useQuery(previewQuery(api, selection, version));
  const { mutate, error, isPending } = useMutation({
    mutationFn: () =>
      api.post('/v1/recoveries', {
        body: {
          ...selected(selection),
          version,
          canary: Number(canary) > 0 ? { count: Number(canary), then } : null,
          ratePerMinute: Number(pace),
          stopAfterFailures: Number(failures),
          fireDownstream: false,
          idempotencyKey,
          ...(reason.trim() !== '' && { reason: reason.trim() }),
          dryRun: false,
        },
      }),
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

  const eligible = preview.data?.counts.eligible ?? 0;
  const isComplete = [canary, pace, failures].every((value) => typeof value === 'number');
  return (
    <Dialog title="Rerun the failed runs?" isWide opened onClose={onClose}>
      <form onSubmit={submit} className={form.fieldset}>
        {preview.isPending && (
          <div role="status" aria-label="Looking for runs">
            <Skeleton height={90} />
          </div>
        )}
        {preview.error && <ErrorNotice error={preview.error} />}
        {preview.data && <Preview preview={preview.data} />}
        <div className={form.pair}>
          <NativeSelect
            label="Version"
            data={[
              { value: 'SAME', label: 'The version of each run' },
              { value: 'ACTIVE', label: 'The active version' },
            ]}
            value={version}
            onChange={(event) => {
              setVersion(event.currentTarget.value === 'ACTIVE' ? 'ACTIVE' : 'SAME');
            }}
          />
          <NumberInput
            label="Reruns per minute"
            min={1}
            max={600}
            allowDecimal={false}
            value={pace}
            onChange={setPace}
          />
          <NumberInput
            label="Canary"
            description="So many runs first; 0 for none."
            min={0}
            max={1_000}
            allowDecimal={false}
            value={canary}
            onChange={setCanary}
          />
          <NativeSelect
            label="After the canary"
            description="If one of its reruns fails, the recovery pauses."
            data={[
              { value: 'WAIT', label: 'Wait for me' },
              { value: 'CONTINUE', label: 'Continue' },
            ]}
            value={then}
            onChange={(event) => {
              setThen(event.currentTarget.value === 'CONTINUE' ? 'CONTINUE' : 'WAIT');
            }}
          />
          <NumberInput
            label="Pause after failures"
            min={1}
            max={1_000_000}
            allowDecimal={false}
            value={failures}
            onChange={setFailures}
          />
          <TextInput
            label="Reason"
            maxLength={200}
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
            }}
          />
        </div>
        <DialogDecision
          cancel="Cancel"
          confirm={eligible === 0 ? 'Rerun' : `Rerun ${runs(eligible)}`}
          error={error}
          isPending={isPending}
          isDisabled={eligible === 0 || !isComplete}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
