import classes from './TextBlock.module.css';

/** The text of a message, never rendered as markup. */
export function TextBlock({ label, text }: { label: string; text: string }) {
  return (
    // It scrolls, so it must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className={classes.text} role="region" aria-label={label} tabIndex={0}>
      {text}
    </pre>
  );
}
