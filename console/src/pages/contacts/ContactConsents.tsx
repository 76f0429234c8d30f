import { plural, t } from '@lingui/core/macro';
import { Button, Skeleton } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type {
  ConsentChange,
  ConsentChannel,
  ConsentPurpose,
  Consents,
  Contact,
} from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatCount, formatExact, formatWord } from '../../shared/ui/format';
import { Timeline, TimelineItem } from '../../shared/ui/Timeline';
import classes from './Consents.module.css';
import { allows, CHANNELS, changeText, originText, PURPOSES, wasWithdrawn } from './consents';
import { consentsQuery } from './queries';

/** The changes that are shown before a person asks for all. */
const SHOWN = 3;

const VERDICTS = {
  given: { Icon: IconCheck, text: t`Given` },
  withdrawn: { Icon: IconX, text: t`Withdrawn` },
  never: { Icon: IconX, text: t`Not given` },
} as const;

function Verdict({ verdict }: { verdict: keyof typeof VERDICTS }) {
  const { Icon, text } = VERDICTS[verdict];
  return (
    <span className={classes.verdict} data-given={verdict === 'given'}>
      <Icon size={15} aria-hidden />
      {text}
    </span>
  );
}

interface ByChannelProps {
  consents: Consents;
  changes: readonly ConsentChange[];
}

/** What a message by each channel finds. */
function ByChannel({ consents, changes }: ByChannelProps) {
  function verdictOf(purpose: ConsentPurpose, channel: ConsentChannel): keyof typeof VERDICTS {
    if (allows(consents, purpose, channel)) return 'given';
    return wasWithdrawn(consents, changes, purpose, channel) ? 'withdrawn' : 'never';
  }

  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">{t`Channel`}</th>
          {PURPOSES.map((purpose) => (
            <th key={purpose} scope="col">
              {formatWord(purpose)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {CHANNELS.map((channel) => (
          <tr key={channel} data-channel={channel}>
            <th scope="row">{formatWord(channel)}</th>
            {PURPOSES.map((purpose) => (
              <td key={purpose}>
                <Verdict verdict={verdictOf(purpose, channel)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The cause of a change, with a link if there is a page of it. */
function Cause({ cause }: { cause: string }) {
  const className = detail.inText ?? '';
  if (cause.startsWith('dlv_')) {
    return <Link className={className} to={`/delivery-ops/${cause}`}>{t`The message`}</Link>;
  }
  if (cause.startsWith('aut_')) {
    return <Link className={className} to={`/automations/${cause}`}>{t`The automation`}</Link>;
  }
  return <>{cause}</>;
}

function Change({ change }: { change: ConsentChange }) {
  const { at, isGiven, detail: cause, givenAt } = change;
  return (
    <TimelineItem at={at} tone={isGiven ? 'good' : 'bad'} title={changeText(change)}>
      <p className={classes.origin}>{originText(change)}</p>
      {cause !== null && (
        <p className={classes.origin}>
          <Cause cause={cause} />
        </p>
      )}
      {givenAt !== null && (
        <p className={classes.origin}>{t`The contact gave this consent on ${formatExact(givenAt)}`}</p>
      )}
    </TimelineItem>
  );
}

function Changes({ changes }: { changes: ConsentChange[] }) {
  const [isWhole, setWhole] = useState(false);
  if (changes.length === 0) return <p className={detail.muted}>{t`No changes are recorded.`}</p>;
  const shown = isWhole ? changes : changes.slice(0, SHOWN);
  return (
    <>
      <Timeline label={t`Changes of consents, newest first`}>
        {shown.map((change) => (
          <Change
            key={`${change.at} ${change.purpose} ${change.channel ?? ''}`}
            change={change}
          />
        ))}
      </Timeline>
      {shown.length < changes.length && (
        <Button
          variant="default"
          size="xs"
          className={classes.more}
          onClick={() => {
            setWhole(true);
          }}
        >
          {plural(changes.length, {
            one: 'Show the change',
            other: `Show all ${formatCount(changes.length)} changes`,
          })}
        </Button>
      )}
    </>
  );
}

/** The consents of a contact on each channel, and when, by whom and where they were changed. */
export function ContactConsents({ contact }: { contact: Contact }) {
  const { api } = useServices();
  const record = useQuery(consentsQuery(api, contact.id));
  return (
    <Section title={t`Consents`}>
      <ByChannel
        consents={record.data?.consents ?? contact.consents}
        changes={record.data?.changes ?? []}
      />
      {record.error && <ErrorNotice error={record.error} onRetry={() => void record.refetch()} />}
      {record.isPending && (
        <div role="status" aria-label={t`Loading the changes of consents`}>
          <Skeleton height={66} />
        </div>
      )}
      {record.data && <Changes changes={record.data.changes} />}
    </Section>
  );
}
