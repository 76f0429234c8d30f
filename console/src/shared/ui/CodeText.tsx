/** A description from the API: what stands in backticks is code, all else is text as it is. */
export function CodeText({ text }: { text: string }) {
  // Split by a pattern with a group, every other part is what the group caught.
  return text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
