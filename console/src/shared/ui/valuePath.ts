/** Paths to values in an event, in the path language of the API: `answers[0]."Email Address"`. */

/** A name in an object, or an index in a list. */
export type Step = string | number;

const SIMPLE = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
// One step of a path: an index in brackets, a quoted name, or a plain name.
const STEP = /^(?:\[(\d{1,6})\]|\.?\[?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\]?|\.?([^.\s{}[\]]+))/s;

/** The path in its simplest form; `$` is the whole event. */
export function writtenPath(steps: readonly Step[]): string {
  let text = '';
  for (const step of steps) {
    if (typeof step === 'number') {
      text += `[${step}]`;
    } else {
      const name = SIMPLE.test(step) ? step : JSON.stringify(step);
      text += text === '' ? name : `.${name}`;
    }
  }
  return text === '' ? '$' : text;
}

function unquoted(quoted: string): string {
  if (!quoted.startsWith('"')) return quoted.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
  try {
    return String(JSON.parse(quoted));
  } catch (error) {
    if (error instanceof SyntaxError) return quoted.slice(1, -1);
    throw error;
  }
}

/** The steps of a path; null if the text is not one. */
export function parsePath(text: string): Step[] | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  let rest = /^\$(?=$|[.[])/.test(trimmed) ? trimmed.slice(1) : trimmed;
  const steps: Step[] = [];
  while (rest !== '') {
    const found = STEP.exec(rest);
    if (!found) return null;
    const [whole, index, quoted, name] = found;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted === undefined ? (name ?? '') : unquoted(quoted));
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** The value that the steps lead to; undefined if there is none. */
export function valueBySteps(value: unknown, steps: readonly Step[]): unknown {
  return steps.reduce<unknown>((place, step) => {
    if (Array.isArray(place)) return (place as unknown[])[Number(step)];
    if (typeof place !== 'object' || place === null) return undefined;
    return Object.hasOwn(place, step) ? (place as Record<string, unknown>)[step] : undefined;
  }, value);
}
