import { t } from '@lingui/core/macro';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import type { RunDetail } from '../../shared/api/types';
import { RunGraph } from '../../shared/graph';
import detail from '../../shared/ui/Detail.module.css';
import { FallbackBoundary } from '../../shared/ui/FallbackBoundary';
import classes from './GraphPanel.module.css';

/** As in RunPage.module.css: there is room for the graph beside the trace. */
const IS_WIDE = '(min-width: 80em)';
/** The arrangement of a larger graph takes a moment, so it waits until somebody asks for it. */
const MOST_NODES = 100;

const TITLE = t`Path through the graph`;

interface Props {
  run: RunDetail;
  selected: string | null;
  onSelect: (nodeId: string) => void;
}

/** The node that the graph is centered on at first: the failure, else where the run is. */
function focusOf({ error, at, steps }: RunDetail): string | null {
  return error?.nodeId ?? at[0] ?? steps.at(-1)?.nodeId ?? null;
}

function Graph({ run, selected, onSelect }: Props) {
  return (
    <FallbackBoundary fallback={<p className={detail.muted}>{t`The graph could not be loaded.`}</p>}>
      <div className={classes.graph}>
        <RunGraph run={run} selected={selected} onSelect={onSelect} focus={selected ?? focusOf(run)} />
      </div>
    </FallbackBoundary>
  );
}

/** The graph of the run: beside the trace if there is room, else folded below it. */
export function GraphPanel(props: Props) {
  const isWide = useMediaQuery(IS_WIDE, undefined, { getInitialValueInEffect: false });
  const [isUnfolded, setIsUnfolded] = useState(false);
  const count = props.run.graph.nodes?.length ?? 0;
  if (isWide && count <= MOST_NODES) {
    return (
      <section className={classes.beside} aria-label={TITLE}>
        <h2>{TITLE}</h2>
        <Graph {...props} />
      </section>
    );
  }
  return (
    <section aria-label={TITLE}>
      <details
        className={classes.folded}
        onToggle={(event) => {
          setIsUnfolded(event.currentTarget.open);
        }}
      >
        <summary>{TITLE}</summary>
        {isUnfolded && <Graph {...props} />}
      </details>
    </section>
  );
}
