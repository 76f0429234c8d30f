import classes from './Shell.module.css';

export function Brand() {
  return (
    <span className={classes.brand}>
      <img src="/favicon.svg" width={26} height={26} alt="" />
      Runledger
    </span>
  );
}
