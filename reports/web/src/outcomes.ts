// Every measurement in one table, with a filter and an order.
import { add, el, name, section } from './dom';
import { detail, stateTag } from './detail';
import { pathText, quantityText, reasonOf, stateWords, type Model, type State } from './model';
import type { Outcome } from './report';
import { counted, formatShare, formatTime, formatValue } from './units';

interface Row { outcome: Outcome; path: string; what: string; rail: string; state: State; share: number; text: string }

const page = 50;
const order: State[] = ['failed', 'skipped', 'degraded', 'inconclusive', 'none', 'ok'];
const byText = new Intl.Collator('en', { numeric: true });

function rowOf(model: Model, outcome: Outcome): Row {
  const path = pathText(outcome);
  const what = quantityText(outcome);
  const state = model.state(outcome);
  const rail = outcome.from.rail ?? '';
  const text = `${path} ${what} ${rail} ${outcome.probe} ${stateWords[state]} ${outcome.reason ?? ''}`.toLowerCase();
  return { outcome, path, what, rail, state, share: model.share(outcome) ?? Infinity, text };
}

type Compare = (one: Row, other: Row) => number;
const columns: { title: string; compare: Compare }[] = [
  { title: 'verdict', compare: (one, other) => order.indexOf(one.state) - order.indexOf(other.state) },
  { title: 'path', compare: (one, other) => byText.compare(one.path, other.path) },
  { title: 'rail', compare: (one, other) => byText.compare(one.rail, other.rail) },
  { title: 'what', compare: (one, other) => byText.compare(one.what, other.what) },
  { title: 'value', compare: (one, other) => (one.outcome.value ?? -1) - (other.outcome.value ?? -1) },
  { title: 'of expected', compare: (one, other) => Math.min(one.share, 1e9) - Math.min(other.share, 1e9) },
  { title: 'took', compare: (one, other) => (one.outcome.took_s ?? 0) - (other.outcome.took_s ?? 0) },
];

class Table {
  private text = '';
  private state = '';
  private column = 0;
  private descending = false;
  private limit = page;
  private readonly body = el('tbody');
  private readonly shown = el('p', { class: 'small', role: 'status' });
  private readonly more = el('button', { type: 'button', class: 'more-button',
    click: () => { this.limit += page * 5; this.draw(); } });
  private readonly heads = columns.map((column, at) => this.head(column.title, at));

  constructor(private readonly model: Model, private readonly rows: Row[]) { this.draw(); }

  private head(title: string, at: number): HTMLElement {
    return el('th', { scope: 'col' }, el('button', { type: 'button', click: () => this.sort(at) }, title));
  }

  private sort(at: number): void {
    this.descending = this.column === at && !this.descending;
    this.column = at;
    this.draw();
  }

  private found(): Row[] {
    const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    const compare = columns[this.column]?.compare ?? (() => 0);
    const found = this.rows.filter((row) => (!this.state || row.state === this.state)
      && words.every((word) => row.text.includes(word)));
    return found.sort((one, other) => (this.descending ? compare(other, one) : compare(one, other)));
  }

  private line(row: Row): HTMLElement {
    const { outcome } = row;
    const measured = outcome.status === 'measured';
    const cell = (at: number, kind: string, ...content: (Node | string)[]) =>
      el('td', { class: kind, 'data-label': columns[at]?.title }, ...content);
    const line = el('tr', {},
      cell(0, '', stateTag(this.model, outcome)),
      cell(1, 'wide', measured ? this.opener(row) : name(row.path)),
      cell(2, '', name(row.rail)),
      cell(3, '', row.what),
      measured ? cell(4, 'number', formatValue(outcome.unit, outcome.value)) : cell(4, 'reason', reasonOf(outcome)),
      cell(5, 'number', Number.isFinite(row.share) ? formatShare(row.share) : '\u2014'),
      cell(6, 'number', typeof outcome.took_s === 'number' ? formatTime(outcome.took_s) : '\u2014'));
    return line;
  }

  /** The path as a button that unfolds all about it below its row. */
  private opener(row: Row): HTMLElement {
    const button = el('button', { type: 'button', class: 'opener', 'aria-expanded': 'false' }, name(row.path));
    button.addEventListener('click', () => {
      const line = button.closest('tr');
      const open = button.getAttribute('aria-expanded') === 'true';
      button.setAttribute('aria-expanded', String(!open));
      if (open) line?.nextElementSibling?.remove();
      else line?.after(el('tr', { class: 'unfolded' }, el('td', { colspan: columns.length }, detail(this.model, row.outcome))));
    });
    return button;
  }

  private draw(): void {
    const found = this.found();
    this.heads.forEach((head, at) => head.setAttribute('aria-sort',
      at !== this.column ? 'none' : this.descending ? 'descending' : 'ascending'));
    this.body.replaceChildren(...found.slice(0, this.limit).map((row) => this.line(row)));
    this.shown.replaceChildren();
    add(this.shown, `${counted(found.length, 'measurement')} of ${this.rows.length}`
      + (found.length > this.limit ? `, the first ${this.limit} shown` : ''));
    this.more.replaceChildren('Show more');
    this.more.hidden = found.length <= this.limit;
  }

  private controls(): HTMLElement {
    const search = el('input', { type: 'search', id: 'outcome-text', placeholder: 'node-3 rail-a latency',
      input: (event) => { this.text = (event.target as HTMLInputElement).value; this.limit = page; this.draw(); } });
    const present = order.filter((state) => this.rows.some((row) => row.state === state));
    const states = el('select', { id: 'outcome-state',
      change: (event) => { this.state = (event.target as HTMLSelectElement).value; this.limit = page; this.draw(); } },
    el('option', { value: '' }, 'all'), ...present.map((state) => el('option', { value: state }, stateWords[state])));
    return el('div', { class: 'controls', role: 'search' },
      el('label', { for: 'outcome-text' }, 'Words ', search), el('label', { for: 'outcome-state' }, 'Verdict ', states));
  }

  element(): HTMLElement {
    return el('div', {}, this.controls(), this.shown,
      el('div', { class: 'scroll' }, el('table', { class: 'list' },
        el('thead', {}, el('tr', {}, ...this.heads)), this.body)), this.more);
  }
}

export function outcomes(model: Model): HTMLElement | false {
  const rows = model.report.outcomes.map((one) => rowOf(model, one));
  return rows.length > 0 && section('outcomes', 'All measurements', new Table(model, rows).element());
}
