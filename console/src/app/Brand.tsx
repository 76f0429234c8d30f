import { Trans } from '@lingui/react/macro';
import classes from './Shell.module.css';

export function Brand() {
  return (
    <span className={classes.brand}>
      <Trans><img src="/favicon.svg" width={26} height={26} alt="" />
      Runledger</Trans>
    </span>
  );
}
