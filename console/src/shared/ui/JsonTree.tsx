import { plural, t } from '@lingui/core/macro';
import { formatCount } from './format';
import classes from './JsonTree.module.css';
import { type Step, writtenPath } from './valuePath';

/** Deeper objects and lists are closed at first. */
const OPEN_DEPTH = 4;
/** More entries of one object or list are only counted. */
const MAX_ENTRIES = 100;

interface Picking {
  /** What a click does, as the beginning of a button's name: `Use`. */
  verb: string;
  onPick: (steps: Step[]) => void;
}

interface Props {
  label: string;
  value: unknown;
  /** Absent if values are only shown. */
  picking?: Picking | undefined;
}

interface NodeProps {
  name: Step | null;
  value: unknown;
  steps: Step[];
  picking: Picking | undefined;
}

function entriesOf(value: unknown): [Step, unknown][] | null {
  if (Array.isArray(value)) return (value as unknown[]).map((item, index) => [index, item]);
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  return null;
}

function sizeText(value: unknown, count: number): string {
  const shown = formatCount(count);
  return Array.isArray(value)
    ? plural(count, { one: `${shown} item`, other: `${shown} items` })
    : plural(count, { one: `${shown} field`, other: `${shown} fields` });
}

function Name({ name }: { name: Step | null }) {
  if (name === null) return null;
  return <span className={classes.name}>{typeof name === 'number' ? `[${name}]` : name}: </span>;
}

function Leaf({ name, value, steps, picking }: NodeProps) {
  const text = JSON.stringify(value);
  const shown = (
    <>
      <Name name={name} />
      <span className={classes.value} data-kind={typeof value}>
        {text}
      </span>
    </>
  );
  if (!picking) return <span className={classes.leaf}>{shown}</span>;
  return (
    <button
      type="button"
      className={classes.leaf}
      title={`${picking.verb} ${writtenPath(steps)}`}
      onClick={() => {
        picking.onPick(steps);
      }}
    >
      <span className="visually-hidden">{picking.verb} </span>
      {shown}
    </button>
  );
}

function Branch({ name, value, steps, picking, entries }: NodeProps & { entries: [Step, unknown][] }) {
  const path = writtenPath(steps);
  const hidden = entries.length - MAX_ENTRIES;
  return (
    <div className={classes.branch}>
      <details open={steps.length < OPEN_DEPTH}>
        <summary>
          <Name name={name} />
          <span className={classes.size}>{sizeText(value, entries.length)}</span>
        </summary>
        <ul className={classes.entries}>
          {entries.slice(0, MAX_ENTRIES).map(([step, inner]) => (
            <li key={step}>
              <Node name={step} value={inner} steps={[...steps, step]} picking={picking} />
            </li>
          ))}
          {hidden > 0 && <li className={classes.size}>{t`${hidden} more are not shown`}</li>}
        </ul>
      </details>
      {picking && (
        <button
          type="button"
          className={classes.whole}
          onClick={() => {
            picking.onPick(steps);
          }}
        >
          {picking.verb} <span className="visually-hidden">{path}</span>
        </button>
      )}
    </div>
  );
}

function Node(props: NodeProps) {
  const entries = entriesOf(props.value);
  return entries ? <Branch {...props} entries={entries} /> : <Leaf {...props} />;
}

/** A JSON value as a tree of fields. If picking, a click on a field gives its path. */
export function JsonTree({ label, value, picking }: Props) {
  return (
    <div className={classes.tree} role="group" aria-label={label}>
      <Node name={null} value={value} steps={[]} picking={picking} />
    </div>
  );
}
