import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import { useAddressState } from '../../../shared/address/addressState';
import { useAllows } from '../../../shared/auth/role';
import type { Graph } from '../../../shared/graph/model';
import { AUTOMATION_PAGE } from '../../../shared/subjects/automations';
import { Section } from '../../../shared/ui/Detail';
import { ErrorNotice } from '../../../shared/ui/ErrorNotice';
import { type Facts, intakeOf, presetOf } from '../sources';
import type { Automation } from '../types';
import { useEventRows } from '../useEventRows';
import { triggerOf } from '../webhook';
import { Capture } from './Capture';
import { ChosenEvent } from './ChosenEvent';
import { EventList } from './EventList';
import { SignedSample } from './SignedSample';
import classes from './TestBench.module.css';

interface Props {
  automation: Automation;
  /** The active version's, or the draft's. */
  graph: Graph;
  /** Opens the dialog that runs the automation with this payload. */
  onRun: (payload: Record<string, unknown>) => void;
}

function Loaded({ automation, graph, intake, onRun }: Props & { intake: Facts }) {
  const { rows, captured, isLoading, error } = useEventRows(automation.id);
  const [{ event: chosen }, change] = useAddressState(AUTOMATION_PAGE);
  // An event of a link may be older than the last ones, and is shown all the same.
  const row = rows.find(({ key }) => key === chosen) ?? null;
  return (
    <>
      <Section title={t`Last events`}>
        <Capture automation={automation} captured={captured} />
        <SignedSample automation={automation} preset={presetOf(intake)} />
        {error && <ErrorNotice error={error} />}
        {isLoading ? (
          <p role="status">{t`Loading the last events…`}</p>
        ) : (
          <EventList
            rows={rows}
            chosen={chosen}
            onChoose={(key) => {
              change({ event: key === chosen ? null : key }, 'replace');
            }}
          />
        )}
      </Section>
      {chosen !== null && (
        <ChosenEvent
          key={chosen}
          automation={automation}
          graph={graph}
          eventKey={chosen}
          row={row}
          captured={captured}
          onRun={onRun}
        />
      )}
    </>
  );
}

/** Looks at the last events of the webhook, and tries the automation with them. */
export function TestBench(props: Props) {
  const trigger = triggerOf(props.graph);
  const mayEdit = useAllows('ADMIN');
  const intake = trigger && intakeOf(trigger);
  const [{ event: chosen }] = useAddressState(AUTOMATION_PAGE);
  if (!intake) {
    // A run of any trigger can be chosen by a link from its page.
    return chosen === null ? (
      <Section title={t`Last events`}>
        <p className={classes.none}>
          {t`The trigger receives no webhooks.`}{' '}
          {mayEdit && (
            <Link to={`/automations/${props.automation.id}/edit`}>{t`Choose the trigger Webhook`}</Link>
          )}
        </p>
      </Section>
    ) : (
      <ChosenEvent key={chosen} {...props} eventKey={chosen} row={null} captured={undefined} />
    );
  }
  return <Loaded {...props} intake={intake} />;
}
