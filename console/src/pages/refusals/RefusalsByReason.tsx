import { Link } from 'react-router';
import { useAddressWith } from '../../shared/address/addressState';
import { type Counts, REFUSAL_REASONS, type RefusalReason } from '../../shared/api/types';
import { RefusalReasonLabel } from '../../shared/subjects/RefusalReasonLabel';
import { REFUSAL_FILTERS } from '../../shared/subjects/refusals';
import { formatCount } from '../../shared/ui/format';
import { REASON_TEXTS } from './reasonTexts';
import classes from './RefusalsByReason.module.css';

interface Props {
  /** Counts of the refusals that match the other filters; absent if not counted. */
  counts: Counts | undefined;
}

/** The reasons, most frequent first; reasons without refusals are omitted. */
export function reasonsByCount(counts: Counts | undefined): RefusalReason[] {
  if (!counts) return [...REFUSAL_REASONS];
  const of = (reason: RefusalReason) => counts.counts[reason] ?? 0;
  return REFUSAL_REASONS.filter((reason) => of(reason) > 0).toSorted(
    (one, other) => of(other) - of(one),
  );
}

/** Refusals by reason: each with its meaning and a link to its refusals. */
export function RefusalsByReason({ counts }: Props) {
  const addressWith = useAddressWith(REFUSAL_FILTERS);
  const reasons = reasonsByCount(counts);
  if (reasons.length === 0) return null;
  return (
    <ul className={classes.groups} aria-label="Refusals by reason">
      {reasons.map((reason) => {
        const count = counts?.counts[reason];
        return (
          <li key={reason}>
            <Link to={addressWith({ reason })} className={classes.group ?? ''}>
              <span className={classes.head}>
                <RefusalReasonLabel reason={reason} />
                {count !== undefined && (
                  <span className={classes.count}>
                    {formatCount(count)}
                    {counts?.isComplete === false && ' or more'}
                  </span>
                )}
              </span>
              <span className={classes.meaning}>{REASON_TEXTS[reason].meaning}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
