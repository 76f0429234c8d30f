import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconArrowsDiff, IconBan, IconPlayerSkipForward, IconRefresh, type Icon } from '@tabler/icons-react';
import { useState } from 'react';
import { isOpenRun } from '../../shared/api/queries';
import type { RunDetail } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import { CancelRunDialog } from './CancelRunDialog';
import { SkipWaitDialog } from './SkipWaitDialog';

const { Component: CompareDialog } = lazyComponent(() => import('./CompareDialog'));
const { Component: RerunDialog } = lazyComponent(() => import('./RerunDialog'));

type Action = 'cancel' | 'skip' | 'rerun' | 'compare';

interface ActionProps {
  label: string;
  icon: Icon;
  onClick: () => void;
}

function ActionButton({ label, icon: ActionIcon, onClick }: ActionProps) {
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<ActionIcon size={16} aria-hidden />}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}

/** The buttons of a run: compare; cancel and skip while it is open, rerun once it has ended. */
export function RunActions({ run }: { run: RunDetail }) {
  const mayAct = useAllows('MEMBER');
  const [asked, setAsked] = useState<Action | null>(null);

  function ask(action: Action) {
    return () => {
      setAsked(action);
    };
  }

  function close() {
    setAsked(null);
  }

  const isOpen = isOpenRun(run);
  return (
    <>
      <ActionButton label={t`Compare…`} icon={IconArrowsDiff} onClick={ask('compare')} />
      {mayAct && isOpen && run.health?.state === 'WAITING' && (
        <ActionButton label={t`Skip wait…`} icon={IconPlayerSkipForward} onClick={ask('skip')} />
      )}
      {mayAct && isOpen && <ActionButton label={t`Cancel…`} icon={IconBan} onClick={ask('cancel')} />}
      {mayAct && !isOpen && !run.erasedAt && (
        <ActionButton label={t`Rerun…`} icon={IconRefresh} onClick={ask('rerun')} />
      )}
      {asked === 'cancel' && <CancelRunDialog run={run} onClose={close} />}
      {asked === 'skip' && <SkipWaitDialog run={run} onClose={close} />}
      {asked === 'compare' && <CompareDialog run={run} onClose={close} />}
      {asked === 'rerun' && <RerunDialog run={run} onClose={close} />}
    </>
  );
}
