import { Button } from '@mantine/core';
import { IconBan, IconPlayerSkipForward, IconRefresh, type Icon } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { isOpenRun } from '../../shared/api/queries';
import type { RunDetail } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { CancelRunDialog } from './CancelRunDialog';
import { SkipWaitDialog } from './SkipWaitDialog';

const RerunDialog = lazy(() => import('./RerunDialog'));

type Action = 'cancel' | 'skip' | 'rerun';

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

/** The buttons of a run: cancel and skip while it is open, rerun once it has ended. */
export function RunActions({ run }: { run: RunDetail }) {
  const mayAct = useAllows('MEMBER');
  const [asked, setAsked] = useState<Action | null>(null);
  if (!mayAct) return null;

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
      {isOpen && run.health?.state === 'WAITING' && (
        <ActionButton label="Skip wait…" icon={IconPlayerSkipForward} onClick={ask('skip')} />
      )}
      {isOpen && <ActionButton label="Cancel…" icon={IconBan} onClick={ask('cancel')} />}
      {!isOpen && !run.erasedAt && (
        <ActionButton label="Rerun…" icon={IconRefresh} onClick={ask('rerun')} />
      )}
      {asked === 'cancel' && <CancelRunDialog run={run} onClose={close} />}
      {asked === 'skip' && <SkipWaitDialog run={run} onClose={close} />}
      <Suspense fallback={null}>
        {asked === 'rerun' && <RerunDialog run={run} onClose={close} />}
      </Suspense>
    </>
  );
}
