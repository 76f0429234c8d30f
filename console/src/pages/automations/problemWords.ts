/**
 * Words a problem of an automation as the editor does: the API's messages name fields and choices
 * as JSON does, for readers who write JSON.
 */

import { plural, t } from '@lingui/core/macro';
import type { Graph } from '../../shared/graph/model';
import { type NodeType, nodeTitle } from '../../shared/graph/useNodeTypes';
import { formatCount } from '../../shared/ui/format';
import { namedField, schemaWords } from './editor/fieldNames';
import { choiceLabel } from './editor/form/choices';
import { fieldOf, labelOf, type Schema, withoutNull } from './editor/schema';
import type { Problem } from './types';

export type NodeTypes = ReadonlyMap<string, NodeType>;
type Drawn = Pick<Graph, 'nodes' | 'edges'>;

/** A problem as the API reports it. */
export interface ReportedProblem {
  code: string;
  message: string;
  nodeId: string | null;
  /** An index into the edges. */
  edge: number | null;
  /** A dotted path in the node's config. */
  field: string | null;
}

export function reported({ code, message, nodeId, edge, field }: Problem): ReportedProblem {
  return { code, message, nodeId: nodeId ?? null, edge: edge ?? null, field: field ?? null };
}

/** `Send message “thanks”`. */
export function nodeName(nodeId: string, { nodes }: Pick<Graph, 'nodes'>, types: NodeTypes): string {
  const node = nodes.find(({ id }) => id === nodeId);
  return node ? `${nodeTitle(types, node.type)} “${nodeId}”` : `“${nodeId}”`;
}

/** Where a problem is: `Send message “thanks”, channel 1, template`. */
export function problemPlace(
  { nodeId, edge, field }: Pick<ReportedProblem, 'nodeId' | 'edge' | 'field'>,
  graph: Drawn,
  types: NodeTypes,
): string {
  if (nodeId !== null) {
    const node = graph.nodes.find(({ id }) => id === nodeId);
    const schema = node && types.get(node.type)?.configSchema;
    const name = nodeName(nodeId, graph, types);
    if (field === null) return name;
    const inner = schema ? namedField(schema, node.config, field).name : labelOf(field);
    return `${name}, ${lowered(inner)}`;
  }
  const line = edge === null ? undefined : graph.edges[edge];
  if (line) return `${nodeName(line.source, graph, types)} → ${nodeName(line.target, graph, types)}`;
  return field === null ? t`Automation` : labelOf(field);
}

const WRONG_FORM = t`This value is of the wrong type. Correct it in the JSON view.`;

/** Messages about any value; the first that matches is used. */
const ABOUT_VALUES: readonly [RegExp, (found: RegExpExecArray, field: Field) => string][] = [
  [/^is missing$/i, (_, field) => emptyText(field)],
  [/^must have at least 1 character$/i, (_, field) => emptyText(field)],
  [/^must have at least 1 entry; it has 0$/i, () => t`Add at least one entry.`],
  [/^must have at most (\d+) (character|entr)/i, ([, most, unit]) => atMost(most, unit)],
  [
    /^must have at least (\d+) characters$/i,
    ([, least]) =>
      plural(Number(least), {
        one: 'Write at least 1 character.',
        other: `Write at least ${formatCount(Number(least))} characters.`,
      }),
  ],
  [/^must be at least (-?\d+)$/i, ([, least]) => t`Must be at least ${formatCount(Number(least))}.`],
  [/^must be at most (-?\d+)$/i, ([, most]) => t`Must be at most ${formatCount(Number(most))}.`],
  [/^is not a known field; remove it$/i, () => t`This setting does not exist. Remove it in the JSON view.`],
  [/^must be (an object|a list|text|null|valid Unicode text)$/i, () => WRONG_FORM],
  [/^write an object here$/i, () => WRONG_FORM],
  [/^has a format that is not allowed here$/i, () => t`This value has a format that is not allowed here.`],
  [/^must be a channel, such as EMAIL$/i, () => t`Choose a channel.`],
  [
    /is not a field of a contact; write one of /,
    () =>
      t`This is not a field of a contact. Choose e-mail, phone, first name, last name, metadata or an external id.`,
  ],
  [/^is only for a lookup by externalId; remove it$/i, () => t`This field is only for a lookup by external id. Remove it.`],
  [/^`\w+` is missing; choose one of /i, () => t`Choose one.`],
  [/^`\w+` cannot be .*; choose one of /is, () => t`This choice does not exist. Choose another one.`],
  [/^Set exactly one of `delayMinutes` and `until`$/i, () => t`Set either a delay or the time at which the wait ends.`],
  [
    /^not a JMESPath expression: .*column (\d+)/is,
    ([, column]) => t`This is not a JMESPath expression: look at character ${Number(column) + 1}.`,
  ],
  [/^not a JMESPath expression: /is, () => t`This is not a complete JMESPath expression.`],
];

/** Messages about the whole automation, by their code. */
const BY_CODE: Readonly<Record<string, string>> = {
  NO_TRIGGER: t`The automation has no trigger. Add one.`,
  NO_UNSUBSCRIBE_LINK: t`The template needs a link to unsubscribe, because this is a marketing message. Write ${'{{unsubscribeUrl}}'} into each part of the template.`,
  NOBODY_TO_UNSUBSCRIBE: t`Marketing messages go only to contacts, because only contacts can unsubscribe. Choose other recipients, or the transactional consent.`,
  UNKNOWN_TEMPLATE: t`The chosen template does not exist. Choose another one.`,
  UNKNOWN_SEGMENT: t`The chosen segment does not exist. Choose another one.`,
};

type Field = ReturnType<typeof fieldOf>['kind'] | null;

function emptyText(field: Field): string {
  if (field === 'CHOICE' || field === 'PICK' || field === 'VARIANTS') return t`Choose one.`;
  return field === 'LIST' || field === 'MAP' ? t`Add at least one entry.` : t`Fill in this field.`;
}

function atMost(most: string | undefined, unit: string | undefined): string {
  const limit = Number(most);
  return unit === 'character'
    ? plural(limit, {
        one: 'This is too long. Write at most 1 character.',
        other: `This is too long. Write at most ${formatCount(limit)} characters.`,
      })
    : plural(limit, {
        one: 'There are too many entries. At most 1 is allowed.',
        other: `There are too many entries. At most ${formatCount(limit)} are allowed.`,
      });
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `Choose Merge or Replace.`, where the message lists the choices; null if it does not. */
function choiceText(text: string, schema: Schema): string | null {
  const listed = /^must be ([\w, ]+)$/i.exec(text)?.[1];
  const words = listed?.split(/, | or /) ?? [];
  const { choices } = schemaWords(schema);
  if (words.length === 0 || !words.every((word) => choices.has(word))) return null;
  const labels = words.map(choiceLabel);
  const last = labels.pop() ?? '';
  return labels.length === 0 ? t`Choose ${last}.` : t`Choose ${labels.join(', ')} or ${last}.`;
}

function asSentence(text: string): string {
  const ended = /[.!?…]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

/** The API's names in a sentence, replaced by the words of the form. */
function withOurNames(text: string, graph: Drawn, types: NodeTypes, schema: Schema): string {
  const { properties: names, choices } = schemaWords(schema);
  const label = (name: string) => `“${labelOf(name)}”`;
  const named = text
    .split(/(\{\{.*?\}\})/s)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      return part
        .replaceAll(/`([A-Za-z]+)`/g, (all, name: string) => (names.has(name) ? label(name) : all))
        .replaceAll(/(?<![\w.`'“])([A-Za-z][a-z]+[A-Z]\w*)(?![\w.`'”<])/g, (all, word: string) => {
          // A name may begin the sentence.
          const name = lowered(word);
          return names.has(name) ? label(name) : choices.has(name) ? choiceLabel(name) : all;
        })
        .replaceAll(/(?<![\w.`'“])([A-Z][A-Z0-9_]{2,})(?![\w`'”])/g, (all, word: string) => {
          const type = types.get(word);
          if (type) return type.title;
          return choices.has(word) ? choiceLabel(word) : all;
        })
        .replaceAll(/(^|[\s(])'([^'\n]{0,100})'(?=[\s.,;:!?)]|$)/g, (_, before: string, name: string) =>
          graph.nodes.some(({ id }) => id === name)
            ? `${before}${nodeName(name, graph, types)}`
            : `${before}“${name}”`,
        );
    })
    .join('');
  // The message named both the type and the node.
  return [...types.values()].reduce(
    (words, { title }) => words.replaceAll(`${title} ${title} “`, `${title} “`),
    named.replaceAll(/\bor null\b/g, 'or nothing').replaceAll(/, null or/g, ', nothing or'),
  );
}

/** The words of a branch in the editor: the API calls it the label of an edge, or an outcome. */
function withBranches(text: string): string {
  return text
    .replace(/\bneeds a label, one of\b/, 'needs a branch, one of')
    .replace(/\bwith the label\b/, 'for the branch')
    .replace(/\bno edge for the outcome\b/, 'no edge for the branch')
    .replace(/\bno outcome\b/, 'no branch')
    .replace(/\bits outcomes are\b/, 'its branches are')
    .replace(/\bremove the label of its edge\b/, 'remove the branch of its edge')
    .replace(/\b(The|A) graph has\b/, (_, article: string) =>
      article === 'The' ? 'The automation has' : 'An automation has',
    );
}

/** What is wrong and what to do, in one or two sentences. */
export function problemText(problem: ReportedProblem, graph: Drawn, types: NodeTypes): string {
  const { code, message, nodeId, field } = problem;
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  const node = graph.nodes.find(({ id }) => id === nodeId);
  const root = node && types.get(node.type)?.configSchema;
  const schema = root && field !== null ? namedField(root, node.config, field).schema : null;
  const kind = root && schema ? fieldOf(withoutNull(schema, root).schema, root).kind : null;
  const parts = message.replace(/\.$/, '').split(', or: ');
  const words = parts.map((part) => {
    for (const [pattern, say] of ABOUT_VALUES) {
      const found = pattern.exec(part);
      if (found) return say(found, kind);
    }
    return (
      choiceText(part, root ?? {}) ??
      asSentence(withBranches(withOurNames(part, graph, types, root ?? {})))
    );
  });
  return [...new Set(words)].reduce((one, other) => t`${one} Or: ${other}`);
}
