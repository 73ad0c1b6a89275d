// Everything about one measurement; beside a heatmap, in a finding, in the table.
import { add, el, name, setVariable, tag } from './dom';
import { pathText, quantityText, reasonOf, stateWords, type Model } from './model';
import type { Expectation, Outcome, Proof } from './report';
import { counted, formatRate, formatShare, formatTime, formatValue } from './units';

export function stateTag(model: Model, outcome: Outcome): HTMLElement {
  const state = model.state(outcome);
  return tag(state, stateWords[state]);
}

function row(label: string, ...content: (Node | string)[]): HTMLElement {
  return el('div', { class: 'fact' }, el('dt', {}, label), el('dd', {}, ...content));
}

/** Each batch as a dot between the least and the most of them. */
function batches(outcome: Outcome): HTMLElement {
  const values = (outcome.batches ?? []).filter((one): one is number => typeof one === 'number');
  const least = Math.min(...values);
  const spread = Math.max(...values) - least || 1;
  const dots = values.map((value) =>
    setVariable(el('span', { class: 'dot' }), '--at', String((value - least) / spread)));
  return el('span', { class: 'batches' },
    el('span', { class: 'dots', 'aria-hidden': 'true' }, ...dots),
    values.map((value) => formatValue(outcome.unit, value)).join(', '));
}

function proofItem(proof: Proof): HTMLElement {
  const at = [proof.at.node, proof.at.device].filter(Boolean).join('/');
  return el('li', { class: proof.holds ? 'holds' : 'fails' },
    el('span', { class: 'sign', 'aria-hidden': 'true' }, proof.holds ? '\u2713' : '\u2717'),
    el('span', {}, el('span', { class: 'hidden' }, proof.holds ? 'holds: ' : 'does not hold: '),
      proof.statement, el('span', { class: 'source' }, `${at ? `${at}, ` : ''}${proof.source}`)));
}

export function expectation(expected: Expectation): HTMLElement {
  return el('div', {},
    el('p', { class: 'figure' }, formatValue('B/s', expected.bytes_per_second)),
    expected.threshold > 0 && el('p', {}, `as expected from ${formatShare(expected.threshold)} of it`),
    el('p', { class: 'small' }, expected.derivation),
    expected.source !== '' && el('p', { class: 'source' }, expected.source));
}

/** Too few batches leave an interval without bounds, which is null. */
export function intervalText(outcome: Outcome): string {
  const [low, high] = outcome.interval ?? [];
  if (typeof low !== 'number' || typeof high !== 'number') return 'none, too few batches';
  return `${formatValue(outcome.unit, low)} to ${formatValue(outcome.unit, high)}`;
}

function extras(outcome: Outcome): HTMLElement[] {
  const rows: HTMLElement[] = [];
  const figures: [string, number | null | undefined][] = [
    ['median', outcome.median], ['5th percentile', outcome.p5], ['p99', outcome.p99], ['p99.9', outcome.p999]];
  for (const [label, value] of figures) {
    if (typeof value === 'number') rows.push(row(label, formatValue(outcome.unit, value)));
  }
  if (outcome.batches?.length) rows.push(row(counted(outcome.batches.length, 'batch'), batches(outcome)));
  const counters = Object.entries(outcome.counters ?? {}).filter(([, value]) => value !== 0);
  if (counters.length > 0) rows.push(row('counters', counters.map(([key, value]) => `${key} ${value}`).join(', ')));
  return rows;
}

function measuredFacts(model: Model, outcome: Outcome): HTMLElement {
  const facts = el('dl', { class: 'facts' }, row('95 % interval', intervalText(outcome)));
  if (outcome.conclusive === false) add(facts, row('doubt', outcome.doubt || 'the interval is wider than asked'));
  add(facts, ...extras(outcome));
  const proof = outcome.proof ?? [];
  add(facts, row('path', proof.length === 0 ? 'not proven'
    : el('ul', { class: 'proof' }, ...proof.map(proofItem))));
  const expected = model.expectation(outcome);
  if (expected) {
    add(facts, row('expected', `${formatRate(expected.bytes_per_second ?? 0)}: ${expected.derivation}`
      + (expected.source ? ` (${expected.source})` : '')));
  }
  if (typeof outcome.took_s === 'number') add(facts, row('took', formatTime(outcome.took_s)));
  return facts;
}

/** The measured column of a finding, and the head of a detail. */
export function figure(model: Model, outcome: Outcome): HTMLElement {
  if (outcome.status !== 'measured') {
    return el('div', {}, stateTag(model, outcome), el('p', {}, reasonOf(outcome)));
  }
  const share = model.share(outcome);
  return el('div', {},
    el('p', { class: 'figure' }, formatValue(outcome.unit, outcome.value),
      share !== undefined && el('span', { class: 'share' }, ` ${formatShare(share)} of expected`)),
    stateTag(model, outcome));
}

export function detail(model: Model, outcome: Outcome): HTMLElement {
  return el('div', { class: 'detail' },
    el('p', { class: 'detail-path' }, name(pathText(outcome)),
      outcome.from.rail ? el('span', { class: 'small' }, ' on ', name(outcome.from.rail)) : ''),
    el('p', { class: 'small' }, quantityText(outcome)),
    figure(model, outcome),
    outcome.status === 'measured' && measuredFacts(model, outcome));
}
