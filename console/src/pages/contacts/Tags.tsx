import { t } from '@lingui/core/macro';
import classes from './Tags.module.css';

export function Tags({ tags }: { tags: string[] }) {
  return (
    <ul className={classes.tags} aria-label={t`Tags`}>
      {tags.map((tag) => (
        <li key={tag}>{tag}</li>
      ))}
    </ul>
  );
}
