import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { Run } from '../../shared/api/types';
import { keyFilter, RUN_FILTERS } from '../../shared/subjects/runs';
import { Fact } from '../../shared/ui/Detail';
import classes from './RunKeys.module.css';

type Keyed = Pick<Run, 'keys'>;

/** The keys of a run, such as its order number. Each leads to the runs that have it too. */
export function RunKeys({ run: { keys = [] } }: { run: Keyed }) {
  if (keys.length === 0) return null;
  return (
    <ul aria-label={t`Keys`} className={classes.keys}>
      {keys.map((key) => (
        <li key={key.name}>
          <span className={classes.name}>{key.name}</span>{' '}
          <Link
            to={RUN_FILTERS.address('/runs', { key: keyFilter(key), range: '30d' })}
            title={t`All runs with ${key.name} ${key.value}`}
          >
            {key.value}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The keys among the facts of a run; nothing without keys. */
export function KeysFact({ run }: { run: Keyed }) {
  if ((run.keys ?? []).length === 0) return null;
  return (
    <Fact name={t`Keys`}>
      <RunKeys run={run} />
    </Fact>
  );
}
