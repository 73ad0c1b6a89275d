// What the stage brought through the scheduler: its controls, and every pod with the binding that was quoted.
import { el, name, section, tag } from './dom';
import type { Model } from './model';
import type { Control, PlacedPod } from './report';

const firstPods = 200;
const kinds = { behaved: 'fine', misbehaved: 'unchecked', not_applicable: 'note' };
const words = { behaved: 'behaved', misbehaved: 'did not behave', not_applicable: 'not applicable' };

function control(one: Control): HTMLElement {
  return el('li', { class: 'unmeasured' },
    tag(kinds[one.state], words[one.state]),
    el('div', {},
      el('p', { class: 'message' }, `${one.name} control: ${one.seen}`),
      el('details', { class: 'more' },
        el('summary', {}, 'What must happen, and what the API server said'),
        el('p', {}, one.expected),
        el('ul', {}, ...one.evidence.map((line) => el('li', {}, name(line)))))));
}

function podRow(pod: PlacedPod): HTMLElement {
  const node = pod.binding.value;
  return el('tr', {},
    el('th', { scope: 'row' }, name(pod.binding.name)),
    el('td', {}, pod.workload),
    el('td', {}, node ? name(node) : `not bound${pod.waiting ? `: ${pod.waiting}` : ''}`),
    el('td', {}, [pod.scheduler, pod.bound_at].filter(Boolean).join(', ')),
    el('td', {}, pod.devices.join(', ')),
    el('td', {}, [pod.phase, pod.ended].filter(Boolean).join(', ')));
}

export function workloads(model: Model): HTMLElement | false {
  const { workloads: found } = model.report;
  if (!found) return false;
  const heads = ['Pod', 'Workload', 'Node', 'Bound by', 'Holds', 'State'];
  const trouble = [...(found.ended ? [`Ended: ${found.ended}`] : []), ...found.left.map((one) => `Left behind: ${one}`)];
  return section('workloads', 'Through the scheduler',
    ...trouble.map((text) => el('p', { class: 'reservation' }, text)),
    el('ul', { class: 'plain' }, ...found.controls.map(control)),
    found.pods.length > 0 && el('div', { class: 'scroll' }, el('table', { class: 'list' },
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
      el('tbody', {}, ...found.pods.slice(0, firstPods).map(podRow)))),
    found.pods.length > firstPods && el('p', { class: 'small' },
      `The first ${firstPods} of ${found.pods.length}; report.json has the others.`));
}
