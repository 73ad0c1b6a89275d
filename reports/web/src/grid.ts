// One node x node grid: what is in its cells, and the keys to move in it.
import { add, el, name } from './dom';
import { bothWays, stateWords, type Model, type State } from './model';
import type { Outcome, ReportNode } from './report';
import { formatShare, formatValue, shortNumber } from './units';

export interface Mode {
  id: string; title: string; explained: string; unit: 'B/s' | 's'; mirrored: boolean;
  holds: (outcome: Outcome) => boolean;
  /** Draws the devices of one node against each other, not the nodes of one rail. */
  inside?: boolean;
}

/** What is drawn as a row and a column: a node, or a device of one node under a short name. */
export interface Place extends ReportNode { shown?: string }

const copy = (one: Outcome) => one.probe === 'gpu_copy' && one.from.device !== 'gpus';
const byKernel = (one: Outcome) => one.parameters.engine === 'sm';
const pulled = (one: Outcome) => one.parameters.direction === 'read';

/** The grids of GPUs and host memory, a node each. */
export const insideModes: Mode[] = [
  { id: 'copy', title: 'Copies', explained: 'a row sends to the columns; the diagonal is a copy within a GPU',
    unit: 'B/s', mirrored: false, inside: true,
    holds: (one) => copy(one) && !bothWays(one) && !byKernel(one) && !pulled(one) },
  { id: 'pull', title: 'Pulled copies', explained: 'the column reads from the row', unit: 'B/s', mirrored: false,
    inside: true, holds: (one) => copy(one) && !bothWays(one) && !byKernel(one) && pulled(one) },
  { id: 'copy-both', title: 'Both ways at once', explained: 'the sum of both directions', unit: 'B/s',
    mirrored: true, inside: true, holds: (one) => copy(one) && bothWays(one) && !byKernel(one) },
  { id: 'kernel', title: 'By kernel', explained: 'copies by the multiprocessors', unit: 'B/s', mirrored: false,
    inside: true, holds: (one) => copy(one) && !bothWays(one) && byKernel(one) },
  { id: 'flag', title: 'Latency', explained: 'p50 of half a round trip of a flag', unit: 's', mirrored: true,
    inside: true, holds: (one) => one.probe === 'gpu_latency' },
];

export const modes: Mode[] = [
  { id: 'goodput', title: 'Goodput', explained: 'a row sends to the columns', unit: 'B/s', mirrored: false,
    holds: (one) => one.probe === 'pair_goodput' && !bothWays(one) },
  { id: 'both', title: 'Both ways at once', explained: 'the sum of both directions', unit: 'B/s', mirrored: true,
    holds: (one) => one.probe === 'pair_goodput' && bothWays(one) },
  { id: 'latency', title: 'Latency', explained: 'p50 of half a round trip', unit: 's', mirrored: true,
    holds: (one) => one.probe === 'pair_latency' },
];

/** The outcomes of one mode on one rail, by their two nodes; or in one node, by their two devices. */
export class Cells {
  private readonly cells = new Map<string, Outcome>();
  constructor(readonly mode: Mode, readonly rail: string) {}

  /** The names of the row and the column of an outcome. */
  ends(outcome: Outcome): [string, string] {
    return this.mode.inside ? [outcome.from.device ?? '', outcome.to.device ?? ''] : [outcome.from.node, outcome.to.node];
  }
  add(outcome: Outcome): void { this.cells.set(this.ends(outcome).join('\n'), outcome); }
  all(): Outcome[] { return [...this.cells.values()]; }
  at(from: string, to: string): Outcome | undefined {
    const found = this.cells.get(`${from}\n${to}`);
    return found ?? (this.mode.mirrored ? this.cells.get(`${to}\n${from}`) : undefined);
  }
}

/** What the colours and numbers of a grid are relative to. */
export interface Scale { factor: number; name: string; least: number; most: number; numbers: boolean }

/** 0 = a tenth of what is expected or less ... 9 = all of it; latency: 0 = the least ... 9 = the most. */
function bucket(model: Model, outcome: Outcome, scale: Scale): string {
  if (outcome.unit === 's') {
    // Less than a factor of two is not made to look like a difference.
    const span = Math.max(Math.log(scale.most / scale.least), Math.LN2);
    const place = Math.log((outcome.value ?? scale.least) / scale.least) / span;
    return `late-${Math.min(5, Math.max(0, Math.floor(place * 6)))}`;
  }
  const share = model.share(outcome);
  return share === undefined ? '' : `share-${Math.min(9, Math.max(0, Math.floor(share * 10)))}`;
}

const signs: Partial<Record<State, string>> = { failed: '\u2715', skipped: '\u2013', inconclusive: '?' };

function cellText(outcome: Outcome, state: State, scale: Scale): string {
  if (!scale.numbers) return '';
  if (outcome.status !== 'measured' || typeof outcome.value !== 'number') return signs[state] ?? '';
  return shortNumber(outcome.value / scale.factor) + (state === 'inconclusive' ? '?' : '');
}

function cellLabel(model: Model, outcome: Outcome, from: Place, to: Place): string {
  const share = model.share(outcome);
  const value = outcome.status === 'measured' ? `${formatValue(outcome.unit, outcome.value)}, ` : '';
  const part = share === undefined ? '' : `${formatShare(share)} of expected, `;
  return `${from.name} to ${to.name}: ${value}${part}${stateWords[model.state(outcome)]}`;
}

function cell(model: Model, cells: Cells, from: Place, to: Place, scale: Scale): HTMLElement {
  const outcome = from.name === to.name && !cells.mode.inside ? undefined : cells.at(from.name, to.name);
  if (!outcome) {
    return el('td', { class: from.name === to.name ? 'cell self' : 'cell unplanned',
      'aria-label': from.name === to.name ? cells.mode.inside ? 'the same device' : 'the same node' : `${from.name} to ${to.name}: not planned` });
  }
  const state = model.state(outcome);
  return el('td', {
    class: `cell state-${state} ${outcome.status === 'measured' ? bucket(model, outcome, scale) : ''}`,
    role: 'gridcell', tabindex: '-1', 'aria-label': cellLabel(model, outcome, from, to),
  }, cellText(outcome, state, scale));
}

/** A node whose label names another rack than the one it measures with. */
export function misplaced(node: ReportNode, racks: Set<string>): boolean {
  return Boolean(node.measured_rack) && node.measured_rack !== node.rack && racks.has(node.measured_rack ?? '');
}

function rowName(node: Place, racks: Set<string>): HTMLElement {
  return el('th', { scope: 'row', class: 'row-name', title: node.name }, name(node.shown ?? node.name),
    misplaced(node, racks) && el('span', { class: 'misplaced' }, `measures as ${node.measured_rack}`));
}

/** The rack's cell, before the first of its rows. */
function rackHead(nodes: ReportNode[], at: number): HTMLElement | false {
  const rack = nodes[at]?.rack ?? '';
  if (at > 0 && (nodes[at - 1]?.rack ?? '') === rack) return false;
  const size = nodes.filter((one) => (one.rack ?? '') === rack).length;
  return el('th', { scope: 'rowgroup', rowspan: size, class: 'rack', title: rack },
    rack ? el('span', {}, name(rack)) : '');
}

/** Long names stand upright, and many nodes get small cells. */
function gridClass(nodes: Place[]): string {
  if (nodes.length > 16) return 'grid grid-dense';
  return nodes.some((one) => (one.shown ?? one.name).length > 8) ? 'grid grid-long' : 'grid';
}

/** Columns stand close: what all GPUs' names begin with is in the rows. */
function columnName(node: Place): string { return (node.shown ?? node.name).replace(/^GPU/, ''); }

export interface Grid { table: HTMLElement; outcomeAt: (cell: Element) => Outcome | undefined; cells: Cells }

export function grid(model: Model, cells: Cells, nodes: Place[], scale: Scale): Grid {
  const racks = new Set(nodes.map((one) => one.rack ?? '').filter(Boolean));
  const starts = (at: number) => at > 0 && nodes[at]?.rack !== nodes[at - 1]?.rack;
  const outcomes = new Map<Element, Outcome>();
  const head = el('tr', {}, el('td', { colspan: '2', class: 'corner' }), ...nodes.map((node, at) =>
    el('th', { scope: 'col', class: starts(at) ? 'col-name rack-start' : 'col-name', title: node.name },
      el('span', {}, name(columnName(node))))));
  const body = el('tbody');
  nodes.forEach((from, row) => {
    const line = el('tr', { class: starts(row) ? 'rack-start' : null }, rackHead(nodes, row), rowName(from, racks));
    nodes.forEach((to, column) => {
      const one = cell(model, cells, from, to, scale);
      if (starts(column)) one.classList.add('rack-start');
      const outcome = cells.at(from.name, to.name);
      if (outcome && (row !== column || cells.mode.inside)) outcomes.set(one, outcome);
      line.append(one);
    });
    body.append(line);
  });
  const table = el('table', { role: 'grid', class: gridClass(nodes),
    'aria-label': `${cells.mode.title} ${cells.mode.inside ? 'in' : 'on'} ${cells.rail}` }, el('thead', {}, head), body);
  body.querySelector('.cell[role]')?.setAttribute('tabindex', '0');
  return { table, cells, outcomeAt: (one) => outcomes.get(one) };
}

const moves: Record<string, [number, number]> = {
  ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0],
};

/** The next cell with an outcome in the direction of an arrow key. */
function neighbour(from: HTMLElement, [down, right]: [number, number]): HTMLElement | null {
  const rowOf = (one: Element) => [...(one.parentElement?.querySelectorAll('.cell') ?? [])];
  const body = from.closest('tbody');
  const rows = [...(body?.children ?? [])];
  let row = rows.indexOf(from.parentElement as Element);
  let column = rowOf(from).indexOf(from);
  for (;;) {
    row += down;
    column += right;
    const next = rows[row]?.querySelectorAll<HTMLElement>('.cell')[column];
    if (!next) return null;
    if (next.getAttribute('role') === 'gridcell') return next;
  }
}

/** Arrow keys move the one cell that Tab reaches. */
export function moveByKeys(event: KeyboardEvent): void {
  const from = (event.target as HTMLElement).closest<HTMLElement>('.cell');
  const move = moves[event.key];
  if (!from || !move) return;
  event.preventDefault();
  const next = neighbour(from, move);
  if (!next) return;
  from.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
}

export function caption(model: Model, cells: Cells, scale: Scale): HTMLElement {
  const head = el('figcaption', {}, name(cells.rail || 'no rail'), scale.numbers ? `, ${scale.name}` : '');
  const count = (wanted: State) => cells.all().filter((one) => model.state(one) === wanted).length;
  const states: State[] = ['degraded', 'failed', 'inconclusive', 'skipped'];
  const parts = states.filter((state) => count(state) > 0).map((state) =>
    el('span', { class: `count count-${state}` }, ` ${count(state)} ${stateWords[state]}`));
  add(head, ...parts, el('span', { class: 'count' }, ` ${parts.length > 0 ? 'of ' : ''}${cells.all().length} paths`));
  return head;
}
