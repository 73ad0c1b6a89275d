// Collectives with what they should reach, what the nodes measure within, and the requirements.
import { add, el, name, section, setVariable, tag } from './dom';
import { intervalText, stateTag } from './detail';
import { isCollective, isPair, pathText, quantityText, type Model } from './model';
import type { Outcome, Requirement } from './report';
import { formatRate, formatShare, formatValue } from './units';

function bar(model: Model, outcome: Outcome, most: number): HTMLElement {
  const expected = model.expectation(outcome)?.bytes_per_second ?? 0;
  const track = el('div', { class: `bar bar-${model.state(outcome)}` });
  setVariable(track, '--share', String((outcome.value ?? 0) / most));
  if (expected > 0) add(track, setVariable(el('span', { class: 'bar-expected' }), '--at', String(expected / most)));
  return el('div', { class: 'bar-row' },
    el('p', { class: 'bar-name' }, outcome.from.rail && name(outcome.from.rail), outcome.from.rail ? ': ' : '',
      quantityText(outcome)),
    track,
    el('p', { class: 'bar-value' }, el('b', {}, formatValue(outcome.unit, outcome.value)), ' ',
      expected > 0 && `${formatShare((outcome.value ?? 0) / expected)} of ${formatRate(expected)} `,
      stateTag(model, outcome)));
}

export function collectives(model: Model): HTMLElement | false {
  const found = model.report.outcomes.filter((one) => isCollective(one) && one.status === 'measured');
  if (found.length === 0) return false;
  const reach = (one: Outcome) => Math.max(one.value ?? 0, model.expectation(one)?.bytes_per_second ?? 0);
  const bars = (some: Outcome[]) => {
    const most = Math.max(...some.map(reach)) || 1;
    return el('div', { class: 'bars' }, ...some.map((one) => bar(model, one, most)));
  };
  const rates = found.filter((one) => one.unit !== 's');
  const times = found.filter((one) => one.unit === 's');
  return section('collectives', 'Collectives',
    rates.length > 0 && el('p', { class: 'small' }, 'Bus bandwidth. The line across a bar is what is expected.'),
    rates.length > 0 && bars(rates),
    times.length > 0 && el('p', { class: 'small' }, 'Small sizes: the median time of a run, less is better.'),
    times.length > 0 && bars(times));
}

const firstRows = 60;

function probeRow(model: Model, outcome: Outcome, judged: boolean): HTMLElement {
  return el('tr', {},
    el('td', { class: 'wide', 'data-label': 'path' }, name(pathText(outcome))),
    el('td', { 'data-label': 'what' }, quantityText(outcome)),
    el('td', { class: 'number', 'data-label': 'value' }, formatValue(outcome.unit, outcome.value)),
    el('td', { class: 'number', 'data-label': '95 % interval' }, intervalText(outcome)),
    judged && el('td', { 'data-label': 'verdict' }, stateTag(model, outcome)));
}

export function nodeProbes(model: Model): HTMLElement | false {
  const found = model.report.outcomes.filter((one) =>
    !isPair(one) && one.probe !== 'gpu_copy' && !isCollective(one) && one.status === 'measured');
  if (found.length === 0) return false;
  const judged = found.some((one) => model.judgement(one) !== undefined);
  const heads = ['path', 'what', 'value', '95 % interval', ...(judged ? ['verdict'] : [])];
  const table = el('table', { class: 'list' },
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...found.slice(0, firstRows).map((one) => probeRow(model, one, judged))));
  return section('nodes', 'Inside the nodes', el('div', { class: 'scroll' }, table),
    found.length > firstRows && el('p', { class: 'small' },
      `The first ${firstRows} of ${found.length}; the table of all measurements has the others.`));
}

function requirement(one: Requirement): HTMLElement {
  const kind = one.verdict === 'pass' ? 'fine' : one.verdict === 'fail' ? 'problem' : 'unchecked';
  return el('li', { class: 'unmeasured' },
    tag(kind, one.verdict),
    el('div', {},
      el('p', { class: 'message' }, name(one.id), one.level ? ` (${one.level})` : ''),
      el('ul', {}, ...one.because.map((text) => el('li', {}, text)))));
}

export function requirements(model: Model): HTMLElement | false {
  const { requirements: found } = model.report;
  return found.length > 0 && section('requirements', 'Requirements',
    el('ul', { class: 'plain' }, ...found.map(requirement)));
}

export function facts(model: Model): HTMLElement {
  const list = el('dl', { class: 'facts' });
  for (const [key, value] of Object.entries(model.report.facts)) {
    add(list, el('div', { class: 'fact' }, el('dt', {}, key), el('dd', {}, value)));
  }
  const text = document.getElementById('plumbline-report')?.textContent ?? '';
  const raw = el('pre', { class: 'raw', tabindex: '0' });
  const fold = el('details', { class: 'more', toggle: () => { if (!raw.hasChildNodes()) add(raw, text.trim()); } },
    el('summary', {}, `report.json as it stands in this page (${Math.ceil(text.length / 1024)} KiB)`), raw);
  return section('facts', 'Versions and settings', list, fold);
}
