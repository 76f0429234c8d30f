import { t } from '@lingui/core/macro';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { Gate } from '../api/types';
import { formatWord } from '../ui/format';
import classes from './DeliveryGates.module.css';
import { gateReason } from './gates';

function verdict({ passed, forcedBy }: Gate): string {
  if (forcedBy) return t`Overruled by ${forcedBy}`;
  return passed ? t`Passed` : t`Blocked`;
}

/** The checks before a message is sent, in their order. */
export function DeliveryGates({ gates }: { gates: Gate[] }) {
  return (
    <ol className={classes.gates}>
      {gates.map((gate) => {
        const Icon = gate.passed ? IconCircleCheck : IconCircleX;
        return (
          <li key={gate.name} className={classes.gate} data-passed={gate.passed} data-gate={gate.name}>
            <Icon size={18} aria-hidden className={classes.icon} />
            <span className={classes.name}>{formatWord(gate.name)}</span>
            <span className={classes.verdict}>{verdict(gate)}</span>
            <span className={classes.reason}>{gateReason(gate.reason)}</span>
          </li>
        );
      })}
    </ol>
  );
}
