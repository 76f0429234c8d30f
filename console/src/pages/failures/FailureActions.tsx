import { t } from '@lingui/core/macro';
import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FailureGroup } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import classes from './Failures.module.css';
import { assignGroup, assigneesQuery, FAILURES_KEY, reopenGroup } from './queries';
import { ResolveDialog } from './ResolveDialog';

const { Component: RecoveryDialog } = lazyComponent(() => import('../../shared/subjects/RecoveryDialog'));

const NOBODY = '';

function useGroupChange<Wanted>(change: (wanted: Wanted) => Promise<FailureGroup>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    networkMode: 'always',
    onSuccess: () => queries.invalidateQueries({ queryKey: FAILURES_KEY }),
  });
}

/** Chooses the member who looks after a group; viewers only read the name. */
function AssigneeField({ group }: { group: FailureGroup }) {
  const { api } = useServices();
  const mayAssign = useAllows('MEMBER');
  const { data: members = [] } = useQuery({ ...assigneesQuery(api), enabled: mayAssign });
  const { mutate, variables, error, isPending } = useGroupChange((userId: string) =>
    assignGroup(api, group.id, userId === NOBODY ? null : userId),
  );
  const { assignee } = group;
  if (!mayAssign) {
    return <span className={classes.muted}>{assignee?.email ?? t`Not assigned`}</span>;
  }
  // Until the members are known, the field has at least its own value.
  const known = members.some(({ userId }) => userId === assignee?.userId);
  const shown = assignee === null || known ? members : [assignee, ...members];
  return (
    <>
      <NativeSelect
        size="xs"
        className={classes.assignee ?? ''}
        aria-label={t`Assignee of ${group.title}`}
        data={[
          { value: NOBODY, label: t`Not assigned` },
          ...shown.map(({ userId, email }) => ({ value: userId, label: email })),
        ]}
        value={isPending ? variables : (assignee?.userId ?? NOBODY)}
        onChange={(event) => {
          mutate(event.currentTarget.value);
        }}
      />
      {error && <ErrorNotice error={error} />}
    </>
  );
}

/** What an operator does with a failure: assign, resolve or reopen it, rerun its runs. */
export function FailureActions({ group }: { group: FailureGroup }) {
  const { api } = useServices();
  const mayAct = useAllows('MEMBER');
  const [dialog, setDialog] = useState<'resolve' | 'rerun' | null>(null);
  const { mutate, error, isPending } = useGroupChange(() => reopenGroup(api, group.id));
  const close = () => {
    setDialog(null);
  };
  const isResolved = group.status === 'RESOLVED';
  return (
    <div className={classes.actions}>
      <AssigneeField group={group} />
      {mayAct && isResolved && (
        <Button
          variant="default"
          size="xs"
          aria-label={t`Reopen ${group.title}`}
          loading={isPending}
          onClick={() => {
            mutate(undefined);
          }}
        >
          {t`Reopen`}
        </Button>
      )}
      {mayAct && !isResolved && (
        <Button
          variant="default"
          size="xs"
          aria-label={t`Resolve ${group.title}`}
          onClick={() => {
            setDialog('resolve');
          }}
        >
          {t`Resolve…`}
        </Button>
      )}
      {mayAct && !isResolved && (
        <Button
          variant="default"
          size="xs"
          aria-label={t`Rerun the runs of ${group.title}`}
          onClick={() => {
            setDialog('rerun');
          }}
        >
          {t`Rerun…`}
        </Button>
      )}
      {error && <ErrorNotice error={error} />}
      {dialog === 'resolve' && <ResolveDialog group={group} onClose={close} />}
      {dialog === 'rerun' && (
        <RecoveryDialog selection={{ errorGroup: group.id }} onClose={close} />
      )}
    </div>
  );
}
