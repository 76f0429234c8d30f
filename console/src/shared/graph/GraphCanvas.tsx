import { t } from '@lingui/core/macro';
import '@xyflow/react/dist/base.css';
import {
  Controls,
  MarkerType,
  MiniMap,
  Position as Side,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import classes from './Graph.module.css';
import { type CardNode, GraphNodeCard, type NodeLook, type Tone } from './GraphNodeCard';
import { layoutOf, NODE_WIDTH, readingOrder } from './layout';
import { type Graph, type Position, summarize } from './model';
import { RoutedEdge, type Routed } from './RoutedEdge';
import { nodeTitle, useNodeTypes } from './useNodeTypes';

/** What the library would say in English. */
const LABELS = {
  'node.a11yDescription.default': t`Press Enter or Space to select a node. Press Delete to remove it, and Escape to cancel.`,
  'edge.a11yDescription.default': t`Press Enter or Space to select an edge. Press Delete to remove it, and Escape to cancel.`,
  'controls.ariaLabel': t`Zoom`,
  'controls.zoomIn.ariaLabel': t`Zoom in`,
  'controls.zoomOut.ariaLabel': t`Zoom out`,
  'controls.fitView.ariaLabel': t`Show the whole graph`,
  'minimap.ariaLabel': t`Small map of the graph`,
  'handle.ariaLabel': t`Connection point`,
};

const PLAIN_HEIGHT = 62;
const BADGED_HEIGHT = 88;
const PADDING = 24;
const MIN_HEIGHT = 180;
const MAX_HEIGHT = 700;

const NODE_TYPES = { card: GraphNodeCard };
const EDGE_TYPES = { routed: RoutedEdge };

const FIT = { padding: `${PADDING}px`, maxZoom: 1 } as const;

/** Below this zoom, the text of a card is hard to read. */
const READABLE_ZOOM = 0.6;
const FOCUS_ZOOM = 0.75;

const MINIMAP_COLORS: Record<Tone, string> = {
  idle: 'var(--idle)',
  busy: 'var(--busy)',
  waiting: 'var(--waiting)',
  good: 'var(--good)',
  bad: 'var(--bad)',
};

function minimapColor({ data: { look } }: CardNode): string {
  return look.tone === undefined ? 'var(--border)' : MINIMAP_COLORS[look.tone];
}

const ARROW = {
  type: MarkerType.ArrowClosed,
  width: 18,
  height: 18,
  markerUnits: 'userSpaceOnUse',
};

export interface EdgeLook {
  tone?: 'taken' | 'bad';
  isMuted?: boolean;
}

/** What the pointer can do to a graph. The editor's forms do the same by keyboard. */
export interface Editing {
  onMove: (nodeId: string, positions: Record<string, Position>) => void;
  onConnect: (source: string, target: string) => void;
  onSelectEdge: (index: number) => void;
  onSelectNothing: () => void;
}

export interface CanvasProps {
  graph: Graph;
  /** The graph's name for screen readers. */
  label: string;
  looks?: ReadonlyMap<string, NodeLook>;
  edgeLooks?: readonly EdgeLook[];
  hasBadges?: boolean;
  selected?: string | null;
  selectedEdge?: number | null;
  onSelect?: ((nodeId: string) => void) | undefined;
  editing?: Editing;
  /** Fills the height of the parent instead of fitting the graph. */
  fillsHeight?: boolean;
  /** The node that a large graph is centered on at first; such a graph gets a minimap. */
  focus?: string | null;
}

const NO_LOOKS: ReadonlyMap<string, NodeLook> = new Map();
const PLAIN: NodeLook = {};

/** The fixed positions of the edges' ends, so that nothing must be measured first. */
function handles(height: number) {
  const size = { width: 1, height: 1 };
  const [middle, center] = [NODE_WIDTH / 2, height / 2];
  return [
    { ...size, id: 'top', type: 'target' as const, position: Side.Top, x: middle, y: 0 },
    { ...size, id: 'left', type: 'target' as const, position: Side.Left, x: 0, y: center },
    { ...size, id: 'bottom', type: 'source' as const, position: Side.Bottom, x: middle, y: height },
    { ...size, id: 'right', type: 'source' as const, position: Side.Right, x: NODE_WIDTH, y: center },
  ];
}

const DOWNWARDS = { sourceHandle: 'bottom', targetHandle: 'top' };

/** Edges run downwards, or sideways if the target is beside its source. */
function sides(source: Position | undefined, target: Position | undefined) {
  const dx = (target?.x ?? 0) - (source?.x ?? 0);
  const dy = Math.abs((target?.y ?? 0) - (source?.y ?? 0));
  return dx >= NODE_WIDTH && dx > dy
    ? { sourceHandle: 'right', targetHandle: 'left' }
    : DOWNWARDS;
}

function Canvas(props: CanvasProps) {
  const { graph, looks = NO_LOOKS, edgeLooks, editing, onSelect, selected, selectedEdge } = props;
  const nodeTypes = useNodeTypes();
  const { setCenter, getZoom, fitView } = useReactFlow();
  const frame = useRef<HTMLDivElement>(null);
  const [hasMinimap, setHasMinimap] = useState(false);
  const [dragged, setDragged] = useState<Record<string, Position>>({});
  const cardHeight = (props.hasBadges ?? false) ? BADGED_HEIGHT : PLAIN_HEIGHT;
  const layout = useMemo(() => layoutOf(graph, cardHeight), [graph, cardHeight]);

  /** Scrolls to a node that gets the keyboard focus outside the visible part. */
  function bringIntoSight(nodeId: string) {
    const card = frame.current?.querySelector(`[data-node="${nodeId}"]`)?.getBoundingClientRect();
    const seen = frame.current?.getBoundingClientRect();
    const at = place(nodeId);
    if (!card || !seen || !at) return;
    const isSeen =
      card.left >= seen.left &&
      card.right <= seen.right &&
      card.top >= seen.top &&
      card.bottom <= seen.bottom;
    if (isSeen) return;
    centerOn(at, getZoom());
  }

  /** Shows the whole graph if it can be read, else the part around the node in focus. */
  function showFirst(focus: string | null) {
    const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
    const zoom = Math.min(
      (clientWidth - 2 * PADDING) / layout.width,
      (clientHeight - 2 * PADDING) / layout.height,
    );
    const isLarge = zoom < READABLE_ZOOM;
    setHasMinimap(isLarge);
    const at = focus === null ? undefined : place(focus);
    if (isLarge && at) centerOn(at, FOCUS_ZOOM);
    else void fitView(FIT);
  }

  function centerOn({ x, y }: Position, zoom: number) {
    void setCenter(x + NODE_WIDTH / 2, y + cardHeight / 2, { zoom });
  }

  // Follows the step that is opened in the trace. The first one is already centered.
  const follows = props.focus !== undefined;
  const followed = useRef(selected ?? null);
  useEffect(() => {
    if (!follows || followed.current === (selected ?? null)) return;
    followed.current = selected ?? null;
    if (selected) bringIntoSight(selected);
  });

  // Shows an added node, or the whole graph after it was arranged.
  const count = graph.nodes.length;
  const isArranged = Object.keys(graph.layout).length === 0;
  const before = useRef({ count, isArranged });
  useEffect(() => {
    const { current } = before;
    before.current = { count, isArranged };
    if (current.count !== count || (isArranged && !current.isArranged)) void fitView(FIT);
  }, [count, isArranged, fitView]);

  function place(nodeId: string): Position | undefined {
    return dragged[nodeId] ?? layout.positions.get(nodeId);
  }

  const nodes = readingOrder(graph, layout).map((node): CardNode => {
    const known = nodeTypes.get(node.type);
    return {
      id: node.id,
      type: 'card',
      position: place(node.id) ?? { x: 0, y: 0 },
      width: NODE_WIDTH,
      height: cardHeight,
      measured: { width: NODE_WIDTH, height: cardHeight },
      handles: handles(cardHeight),
      data: {
        title: nodeTitle(nodeTypes, node.type),
        icon: known?.icon,
        summary: summarize(node.config),
        look: looks.get(node.id) ?? PLAIN,
        isSelected: selected === node.id,
        takesEdges: editing !== undefined && !(known?.isStart ?? false),
        givesEdges: editing !== undefined && !(known?.isEnd ?? false),
        onSelect,
        onFocus: bringIntoSight,
      },
    };
  });
  const known = new Set(graph.nodes.map(({ id }) => id));
  const edges = graph.edges.flatMap((edge, index): Routed[] => {
    if (!known.has(edge.source) || !known.has(edge.target)) return [];
    const look = edgeLooks?.[index];
    const isChosen = selectedEdge === index;
    const isMoved = dragged[edge.source] !== undefined || dragged[edge.target] !== undefined;
    const route = isMoved ? [] : (layout.routes.get(index) ?? []);
    return [
      {
        id: String(index),
        type: 'routed',
        source: edge.source,
        target: edge.target,
        ariaLabel: t`Edge from ${edge.source} to ${edge.target}`,
        ...(route.length > 0 ? DOWNWARDS : sides(place(edge.source), place(edge.target))),
        ...(edge.label !== null && { label: edge.label }),
        className: [
          classes.edge,
          look?.tone === 'taken' && classes.taken,
          look?.tone === 'bad' && classes.badEdge,
          look?.isMuted && classes.mutedEdge,
          isChosen && classes.chosenEdge,
        ]
          .filter(Boolean)
          .join(' '),
        markerEnd: ARROW,
        zIndex: isChosen || look?.tone === 'taken' ? 1 : 0,
        data: { route },
      },
    ];
  });

  const width = layout.width + 2 * PADDING;
  const height = Math.max(MIN_HEIGHT, layout.height + 2 * PADDING);
  return (
    <div
      ref={frame}
      role="group"
      aria-label={props.label}
      className={classes.canvas}
      style={
        (props.fillsHeight ?? false)
          ? { height: '100%', ...(props.focus !== undefined && { maxHeight: height }) }
          : // The graph's height, or less if it is scaled down to fit the width.
            { aspectRatio: width / height, maxHeight: Math.min(MAX_HEIGHT, height) }
      }
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        defaultMarkerColor={null}
        ariaLabelConfig={LABELS}
        attributionPosition="bottom-left"
        {...(props.focus === undefined
          ? { fitView: true, fitViewOptions: FIT }
          : {
              onInit: () => {
                showFirst(props.focus ?? null);
              },
            })}
        minZoom={0.15}
        maxZoom={1.5}
        nodesDraggable={editing !== undefined}
        nodesConnectable={editing !== undefined}
        connectOnClick={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={editing !== undefined}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        disableKeyboardA11y
        // Scrolling moves the page, not the graph; the buttons and pinching zoom it.
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        nodeDragThreshold={4}
        onNodesChange={(changes) => {
          const moves = changes.flatMap((change) =>
            change.type === 'position' && change.position
              ? [[change.id, change.position] as const]
              : [],
          );
          if (moves.length > 0) {
            setDragged((current) => ({ ...current, ...Object.fromEntries(moves) }));
          }
        }}
        {...(editing && {
          onNodeDragStop: (_event: unknown, node: CardNode) => {
            editing.onMove(node.id, {
              ...Object.fromEntries(layout.positions),
              [node.id]: { x: Math.round(node.position.x), y: Math.round(node.position.y) },
            });
            setDragged({});
          },
          onConnect: ({ source, target }: { source: string; target: string }) => {
            editing.onConnect(source, target);
          },
          onEdgeClick: (_event: unknown, edge: Routed) => {
            editing.onSelectEdge(Number(edge.id));
          },
          onPaneClick: editing.onSelectNothing,
        })}
      >
        <Controls showInteractive={false} position="bottom-right" />
        {hasMinimap && (
          <MiniMap
            pannable
            position="top-right"
            className={classes.minimap ?? ''}
            ariaLabel={t`Overview of the graph`}
            nodeColor={minimapColor}
            nodeBorderRadius={20}
          />
        )}
      </ReactFlow>
    </div>
  );
}

/** A graph that can be moved and zoomed. */
export function GraphCanvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}
