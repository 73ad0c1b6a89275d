// The heatmaps of all rails, the switch between what they show, and the panel that explains a cell.
import { el, name, section } from './dom';
import { detail } from './detail';
import {
  Cells, caption, grid, insideModes, modes, moveByKeys, type Grid, type Mode, type Place, type Scale,
} from './grid';
import { drawnNodes, shortNames, type Model } from './model';
import type { Outcome, ReportNode } from './report';
import { commonScale } from './units';

/** More cells than these are drawn one rail at a time. */
const mostCells = 3000;

function judgedSize(outcomes: Outcome[]): string {
  const sizes = outcomes.map((one) => Number(one.parameters.size ?? 0));
  return String(sizes.reduce((most, one) => Math.max(most, one), 0));
}

/** The cells of a mode by rail: of several sizes only the largest, which is the judged one. */
function cellsOf(model: Model, mode: Mode): Cells[] {
  const outcomes = model.report.outcomes.filter(mode.holds);
  const size = judgedSize(outcomes);
  const known = mode.inside ? [] : model.report.rails;
  const rails = new Map(known.map((rail) => [rail, new Cells(mode, rail)]));
  for (const outcome of outcomes) {
    if ((outcome.parameters.size ?? '0') !== size) continue;
    const rail = mode.inside ? outcome.from.node : outcome.from.rail ?? '';
    if (!rails.has(rail)) rails.set(rail, new Cells(mode, rail));
    rails.get(rail)?.add(outcome);
  }
  return [...rails.values()].filter((one) => one.all().length > 0);
}

function scaleOf(all: Cells[], mode: Mode, nodes: number): Scale {
  const values: number[] = [];
  for (const cells of all) {
    for (const one of cells.all()) {
      // A copy within a GPU is no path between places: it would make the others' numbers small.
      const [from, to] = cells.ends(one);
      if (typeof one.value === 'number' && from !== to) values.push(one.value);
    }
  }
  const most = values.reduce((one, other) => Math.max(one, other), 0);
  const least = values.reduce((one, other) => Math.min(one, other), most);
  return { ...commonScale(mode.unit, most), least, most, numbers: nodes <= 16 };
}

/** The cell worth looking at first: failed or farthest below what is expected. */
function worst(model: Model, all: Cells[]): Outcome | undefined {
  const badness = (one: Outcome) => {
    const state = model.state(one);
    if (state === 'degraded') return 3 - (model.share(one) ?? 0);
    return state === 'failed' ? 1.5 : state === 'inconclusive' ? 1 : 0;
  };
  let found: Outcome | undefined;
  for (const one of all.flatMap((cells) => cells.all())) {
    if (!found || badness(one) > badness(found)) found = one;
  }
  return found;
}

class Panel {
  readonly element = el('aside', { class: 'panel', 'aria-label': 'The chosen path' });
  constructor(private readonly model: Model) {}

  show(outcome: Outcome | undefined): void {
    if (outcome) this.element.replaceChildren(detail(this.model, outcome));
  }
}

function listen(drawn: Grid, panel: Panel): void {
  const chosen = (event: Event) => (event.target as HTMLElement).closest<HTMLElement>('.cell');
  const show = (event: Event) => {
    const one = chosen(event);
    if (!one) return;
    panel.show(drawn.outcomeAt(one));
  };
  drawn.table.addEventListener('mouseover', show);
  drawn.table.addEventListener('focusin', show);
  drawn.table.addEventListener('click', (event) => {
    chosen(event)?.focus();
    if (chosen(event)) panel.element.classList.add('panel-picked');
  });
  drawn.table.addEventListener('keydown', moveByKeys);
}

/** The rows of a grid: the nodes that it names, or the devices of its node. */
function placesOf(cells: Cells, nodes: ReportNode[]): Place[] {
  const present = new Set(cells.all().flatMap((one) => cells.ends(one)));
  if (!cells.mode.inside) return nodes.filter((one) => present.has(one.name));
  const shown = shortNames([...present]);
  const rank = (device: string) => (device.startsWith('numa') ? 0 : 1);
  return [...present].sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
    .map((device) => ({ name: device, shown: shown.get(device) ?? device }));
}

function figureOf(model: Model, cells: Cells, nodes: ReportNode[], scale: Scale, panel: Panel): HTMLElement {
  const drawn = grid(model, cells, placesOf(cells, nodes), scale);
  listen(drawn, panel);
  return el('figure', { class: 'heat' }, caption(model, cells, scale), el('div', { class: 'scroll' }, drawn.table));
}

function choice(group: string, texts: (string | HTMLElement)[], chosen: (at: number) => void): HTMLElement {
  const buttons = texts.map((text, at) => el('button', {
    type: 'button',
    'aria-pressed': String(at === 0),
    click: () => {
      buttons.forEach((one, place) => one.setAttribute('aria-pressed', String(place === at)));
      chosen(at);
    },
  }, text));
  return el('div', { class: 'choice', role: 'group', 'aria-label': group }, ...buttons);
}

function railText(model: Model, cells: Cells): HTMLElement {
  const bad = cells.all().filter((one) => ['degraded', 'failed'].includes(model.state(one))).length;
  return el('span', {}, name(cells.rail || 'no rail'), bad > 0 && el('span', { class: 'badge' }, String(bad)));
}

function legend(mode: Mode): HTMLElement {
  const entry = (kind: string, text: string) =>
    el('li', {}, el('span', { class: `swatch cell ${kind}`, 'aria-hidden': 'true' }), text);
  const ramp = mode.unit === 's'
    ? [entry('state-none late-0', 'least'), entry('state-none late-3', ''), entry('state-none late-5', 'most')]
    : [entry('state-ok share-9', 'as expected'), entry('state-degraded share-8', 'below expected'),
      entry('state-degraded share-5', 'about half'), entry('state-degraded share-1', 'near nothing'),
      entry('state-none', 'no expectation')];
  return el('ul', { class: 'legend', 'aria-label': 'Legend' }, ...ramp,
    entry('state-inconclusive', 'inconclusive'), entry('state-skipped', 'skipped'), entry('state-failed', 'failed'));
}

/** One mode: all rails side by side where they are small, else one at a time, the worst first. */
function drawMode(model: Model, mode: Mode, all: Cells[], nodes: ReportNode[], panel: Panel): HTMLElement[] {
  const rows = mode.inside ? Math.max(...all.map((cells) => placesOf(cells, nodes).length)) : nodes.length;
  const scale = scaleOf(all, mode, rows);
  const draw = (cells: Cells) => figureOf(model, cells, nodes, scale, panel);
  const area = el('div', { class: 'heats' });
  const note = el('p', { class: 'small' },
    `${mode.title}: ${mode.explained}. Point at a cell, or use the arrow keys, to see its numbers and proof.`);
  if (rows * rows * all.length <= mostCells) {
    area.append(...all.map(draw));
    return [note, area];
  }
  const bad = (cells: Cells) => cells.all().filter((one) => model.state(one) === 'degraded').length;
  const sorted = [...all].sort((one, other) => bad(other) - bad(one));
  const show = (at: number) => { const cells = sorted[at]; if (cells) area.replaceChildren(draw(cells)); };
  show(0);
  return [note, choice(mode.inside ? 'Node' : 'Rail', sorted.map((cells) => railText(model, cells)), show), area];
}

function heatSection(model: Model, id: string, title: string, choices: Mode[]): HTMLElement | false {
  const nodes = drawnNodes(model.report);
  const present = choices.map((mode) => ({ mode, all: cellsOf(model, mode) })).filter((one) => one.all.length > 0);
  if (present.length === 0) return false;
  const panel = new Panel(model);
  const body = el('div', { class: 'heat-body' });
  const show = (at: number) => {
    const one = present[at];
    if (!one) return;
    body.replaceChildren(...drawMode(model, one.mode, one.all, nodes, panel), legend(one.mode));
    panel.show(worst(model, one.all));
  };
  show(0);
  return section(id, title,
    choice('What the heatmaps show', present.map((one) => one.mode.title), show),
    el('div', { class: 'heat-layout' }, body, panel.element));
}

export function heatmaps(model: Model): HTMLElement | false {
  return heatSection(model, 'paths', 'Paths between nodes', modes);
}

export function insideHeatmaps(model: Model): HTMLElement | false {
  return heatSection(model, 'inside', 'Paths between GPUs and host memory', insideModes);
}
