import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { RunDetail } from '../../shared/api/types';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { Fact, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { Status } from '../../shared/ui/Status';
import { ExactTime } from '../../shared/ui/Time';
import classes from './RunPage.module.css';

/** Links a rerun to its original, and an original to the rerun that recovered it. */
export function RerunFacts({ run }: { run: RunDetail }) {
  const { rerunOf, recoveredBy } = run;
  return (
    <>
      {rerunOf && (
        <Fact name={t`Rerun of`}>
          <Link to={`/runs/${rerunOf}`}>{rerunOf}</Link>
          <Link to={`/runs/${rerunOf}/compare/${run.id}`}>{t`Compare`}</Link>
        </Fact>
      )}
      {recoveredBy && (
        <Fact name={t`Recovered by`}>
          <Link to={`/runs/${recoveredBy}`}>{recoveredBy}</Link>
        </Fact>
      )}
    </>
  );
}

/** The reruns of a run, as listed by the API. */
export function Reruns({ run }: { run: RunDetail }) {
  const { reruns = [] } = run;
  if (reruns.length === 0) return null;
  return (
    <Section title={t`Reruns of this run`}>
      <ul className={classes.downstream} aria-label={t`Reruns of this run`}>
        {reruns.map(({ runId, status, createdAt }) => (
          <li key={runId}>
            <Status status={status} /> <Link to={`/runs/${runId}`}>{runId}</Link>{' '}
            <span className={detail.muted}>
              <ExactTime time={createdAt} />
            </span>{' '}
            <Link to={`/runs/${run.id}/compare/${runId}`} aria-label={t`Compare with ${runId}`}>
              {t`Compare`}
            </Link>
          </li>
        ))}
      </ul>
      <Link
        className={detail.inText ?? ''}
        to={RUN_FILTERS.address('/runs', { rerunOf: run.id, from: run.createdAt })}
      >
        {t`Show the reruns in the run history`}
      </Link>
    </Section>
  );
}
