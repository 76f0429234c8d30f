import { IconCircleCheck, IconCircleDot, IconCircleX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ExactTime } from './Time';
import classes from './Timeline.module.css';

const ICONS = { good: IconCircleCheck, bad: IconCircleX, plain: IconCircleDot };

interface Props {
  at: string;
  tone?: keyof typeof ICONS;
  title: ReactNode;
  children?: ReactNode;
}

/** One event of a timeline. */
export function TimelineItem({ at, tone = 'plain', title, children }: Props) {
  const Icon = ICONS[tone];
  return (
    <li className={classes.item} data-tone={tone}>
      <Icon size={18} aria-hidden className={classes.icon} />
      <div className={classes.words}>
        <p className={classes.title}>{title}</p>
        {children !== undefined && children !== null && (
          <div className={classes.detail}>{children}</div>
        )}
        <p className={classes.time}>
          <ExactTime time={at} />
        </p>
      </div>
    </li>
  );
}

export function Timeline({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ol className={classes.timeline} aria-label={label}>
      {children}
    </ol>
  );
}
