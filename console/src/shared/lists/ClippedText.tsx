import page from './ListPage.module.css';

/** Text cut to one line, with the full text on hover. */
export function ClippedText({ text }: { text: string }) {
  return (
    <span className={page.clip} title={text}>
      {text}
    </span>
  );
}
