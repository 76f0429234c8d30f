import page from './ListPage.module.css';

/** Text that may be long: one line, the whole of it on hover. */
export function ClippedText({ text }: { text: string }) {
  return (
    <span className={page.clip} title={text}>
      {text}
    </span>
  );
}
