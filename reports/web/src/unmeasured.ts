// What was not measured, in groups of one reason each.
import { el, section } from './dom';
import { stateTag } from './detail';
import { pathText, quantityText, reasonOf, type Model } from './model';
import type { Outcome } from './report';
import { counted } from './units';

const firstListed = 200;

function groups(model: Model): Outcome[][] {
  const found = new Map<string, Outcome[]>();
  for (const outcome of model.report.outcomes) {
    if (outcome.status === 'measured') continue;
    const key = `${outcome.status}\u0000${reasonOf(outcome)}`;
    const group = found.get(key);
    if (group) group.push(outcome);
    else found.set(key, [outcome]);
  }
  return [...found.values()];
}

/** The one node that every outcome of a group touches. */
function common(outcomes: Outcome[]): string {
  const ends = (one: Outcome) => [one.from.node, one.to.node];
  const [first] = outcomes;
  const shared = [...new Set(first ? ends(first) : [])]
    .filter((node) => node && outcomes.every((one) => ends(one).includes(node)));
  return shared.length === 1 ? `, all touch ${shared[0]}` : '';
}

function item(model: Model, outcomes: Outcome[]): HTMLElement | false {
  const [first] = outcomes;
  if (!first) return false;
  const listed = outcomes.slice(0, firstListed).map((one) => el('li', {}, `${pathText(one)}, ${quantityText(one)}`));
  if (outcomes.length > firstListed) listed.push(el('li', {}, `and ${outcomes.length - firstListed} more`));
  return el('li', { class: 'unmeasured' },
    stateTag(model, first),
    el('div', {},
      el('p', { class: 'message' }, reasonOf(first)),
      el('details', { class: 'more' },
        el('summary', {}, counted(outcomes.length, 'measurement') + common(outcomes)),
        el('ul', {}, ...listed))));
}

export function unmeasured(model: Model): HTMLElement | false {
  const found = groups(model);
  if (found.length === 0) return false;
  const count = found.reduce((sum, one) => sum + one.length, 0);
  return section('unmeasured', `Not measured (${count})`,
    el('ul', { class: 'plain' }, ...found.map((one) => item(model, one))));
}
