import { t } from '@lingui/core/macro';
import type { KeptEvent } from '../api/types';
import { Fact, Facts } from '../ui/Detail';
import { JsonTree } from '../ui/JsonTree';
import { TextBlock } from '../ui/TextBlock';
import { ExactTime } from '../ui/Time';
import type { Step } from '../ui/valuePath';
import classes from './KeptEventView.module.css';

interface PairsProps {
  title: string;
  pairs: Record<string, string>;
}

function Pairs({ title, pairs }: PairsProps) {
  const entries = Object.entries(pairs);
  if (entries.length === 0) return null;
  return (
    <details className={classes.pairs}>
      <summary>
        {title} ({entries.length})
      </summary>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const NOTES: Record<KeptEvent['format'], string | null> = {
  JSON: null,
  TEXT: null,
  BINARY: t`Bytes that are not characters are shown as �.`,
};

interface Props {
  event: KeptEvent;
  /** What a click on a field of the body does. Absent if fields are only shown. */
  picking?: { verb: string; onPick: (steps: Step[]) => void };
}

/** An event as it was received: its request line, headers and body. */
export function KeptEventView({ event, picking }: Props) {
  const { method, contentType, receivedAt, headers, query, body, format, truncated } = event;
  const note = NOTES[format];
  return (
    <div className={classes.event}>
      <Facts>
        <Fact name={t`Received`}>
          <ExactTime time={receivedAt} />
        </Fact>
        <Fact name={t`Method`}>{method}</Fact>
        <Fact name={t`Content type`}>{contentType ?? t`None`}</Fact>
      </Facts>
      <Pairs title={t`Query parameters`} pairs={query} />
      <Pairs title={t`Headers`} pairs={headers} />
      {truncated && <p className={classes.note}>{t`Only the beginning of the body is shown.`}</p>}
      {note !== null && <p className={classes.note}>{note}</p>}
      {typeof body === 'string' ? (
        <TextBlock label={t`Body`} text={body === '' ? t`The body is empty.` : body} />
      ) : (
        <JsonTree label={t`Body`} value={body} picking={picking} />
      )}
    </div>
  );
}
