import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { useServices } from '../../shared/auth/services';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { ExactTime } from '../../shared/ui/Time';
import { firesQuery } from './queries';
import { ScrollableTable } from './ScrollableTable';
import type { Fire } from './types';

const MISSED: Record<NonNullable<Fire['missed']>, string> = {
  DST_GAP: t`the clock change skipped the scheduled time`,
  SCHEDULE_DISABLED: t`the schedule was disabled`,
  SCHEDULE_MISSING: t`the schedule was missing`,
  SCHEDULE_CHANGED: t`the schedule was changed`,
  TARGET_FAILED: t`the schedule could not start the automation`,
  UNKNOWN: t`the schedule did not fire, for an unknown reason`,
};

function words({ status, reason, missed }: Fire): string {
  const parts = [formatWord(status)];
  if (missed !== null) parts.push(t`fired late: ${MISSED[missed]}`);
  if (reason !== null) parts.push(reason);
  return parts.join('; ');
}

/** The last fires of a date automation, one a day. */
export function FiresPanel({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { data: fires, error, refetch } = useQuery(firesQuery(api, automationId));
  return (
    <Section title={t`Schedule history`}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {fires?.length === 0 && <p>{t`The schedule has not fired yet.`}</p>}
      {fires && fires.length > 0 && (
        <ScrollableTable
          label={t`Days on which the schedule fired, newest first`}
          columns={[t`Day`, t`Fired at`, t`Runs opened`, t`Refused`, t`Result`]}
        >
          {fires.map((fire) => (
            <tr key={fire.day}>
              <th scope="row">{fire.day}</th>
              <td>
                <ExactTime time={fire.firedAt} />
              </td>
              <td>{fire.opened}</td>
              <td>{fire.refused}</td>
              <td>{words(fire)}</td>
            </tr>
          ))}
        </ScrollableTable>
      )}
    </Section>
  );
}
