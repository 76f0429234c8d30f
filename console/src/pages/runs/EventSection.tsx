import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { RunDetail } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { ANY_TRIGGER, AUTOMATION_PAGE, EDITOR_PAGE } from '../../shared/subjects/automations';
import { Section } from '../../shared/ui/Detail';
import { Json } from '../../shared/ui/Json';
import classes from './RunPage.module.css';

/** Leads to where the automation is tried with the event of this run. */
function EventLinks({ run }: { run: RunDetail }) {
  const mayEdit = useAllows('ADMIN');
  const own = `/automations/${run.automationId}`;
  const event = `run:${run.id}`;
  return (
    <p className={classes.links}>
      {mayEdit && run.payload !== null && (
        <Link to={EDITOR_PAGE.address(`${own}/edit`, { node: ANY_TRIGGER, example: event })}>
          {t`Open this event in the editor`}
        </Link>
      )}
      <Link to={AUTOMATION_PAGE.address(own, { tab: 'test', event })}>
        {t`Open this event in the test bench`}
      </Link>
    </p>
  );
}

/** The event that opened the run. */
export function EventSection({ run }: { run: RunDetail }) {
  return (
    <Section title={t`Event`}>
      {!run.erasedAt && <EventLinks run={run} />}
      <h3 className={classes.part}>{t`Trigger`}</h3>
      <Json label={t`Trigger`} value={run.trigger} />
      <h3 className={classes.part}>{t`Payload`}</h3>
      <Json label={t`Payload`} value={run.payload ?? null} />
    </Section>
  );
}
