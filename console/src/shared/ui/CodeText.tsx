/** A description from the API: text in backticks is shown as code. */
export function CodeText({ text }: { text: string }) {
  // After a split by a group, every second part is the group's match.
  return text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
