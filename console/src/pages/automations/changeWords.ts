/** The changes of a node in the words of its form. */

import type { NodeType } from '../../shared/graph/useNodeTypes';
import { namedField } from './editor/fieldNames';
import { choiceLabel } from './editor/form/choices';
import { type Field, fieldOf, labelOf, type Picks, withoutNull } from './editor/schema';
import { type FieldChange, type NodeChange, valueText } from './graphDiff';

export interface WordedChange {
  /** A path in the config. */
  field: string;
  /** `Channel 1, template`. */
  name: string;
  before: string;
  after: string;
}

/** The field that a change is about; null if the form does not have it. */
function fieldOfChange(type: NodeType | undefined, node: NodeChange, { field }: FieldChange) {
  const root = type?.configSchema;
  if (!root) return null;
  const { name, schema } = namedField(root, node.config, field);
  return { name, kind: schema && fieldOf(withoutNull(schema, root).schema, root) };
}

function wordOf(value: unknown, kind: Field | null, names: ReadonlyMap<string, string>): string {
  if (typeof value === 'string' && kind?.kind === 'PICK') return names.get(value) ?? value;
  if (typeof value === 'string' && kind?.kind === 'CHOICE') return choiceLabel(value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value === '' ? 'empty' : valueText(value);
}

/** Which names of other things the changes need. */
export function picksIn(
  nodes: readonly NodeChange[],
  types: ReadonlyMap<string, NodeType>,
): Set<Picks> {
  const kinds = nodes.flatMap((node) =>
    node.fields.map((change) => fieldOfChange(types.get(node.type), node, change)?.kind),
  );
  return new Set(kinds.flatMap((kind) => (kind?.kind === 'PICK' ? [kind.picks] : [])));
}

/** The changes of a node's settings. */
export function wordedChanges(
  node: NodeChange,
  type: NodeType | undefined,
  names: ReadonlyMap<string, string>,
): WordedChange[] {
  return node.fields.map((change) => {
    const found = fieldOfChange(type, node, change);
    const kind = found?.kind ?? null;
    return {
      field: change.field,
      name: found?.name ?? labelOf(change.field),
      before: wordOf(change.before, kind, names),
      after: wordOf(change.after, kind, names),
    };
  });
}
